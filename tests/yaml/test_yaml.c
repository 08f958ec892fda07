#include "unit.h"
#include "yaml/yaml.h"

static uint8_t block[1 << 16];
static bt_fault fault;

static const bt_yaml *parse(const char *text) {
    bt_arena arena;
    const bt_yaml *root = NULL;
    fault = (bt_fault){0};
    bt_arena_init(&arena, block, sizeof block);
    bt_err err = bt_yaml_parse(bt_bytes_text(text), &arena, &root, &fault);
    ck_assert_int_eq(err == BT_OK, root != NULL);
    return root;
}

static void expect_text(const bt_yaml *node, const char *text, unsigned line) {
    ck_assert_ptr_nonnull(node);
    ck_assert_int_eq(node->type, BT_YAML_TEXT);
    ck_assert_msg(bt_bytes_equal(node->text, bt_bytes_text(text)), "%.*s",
                  BT_BYTES_ARG(node->text));
    ck_assert_uint_eq(node->line, line);
}

START_TEST(a_file_reads_as_something_else) {
    const bt_yaml *root = parse(
        "# a comment\na: 1\nb:\n  - x\n  - 'y z'\n  - {c: \"\\u00e9\"}\nd: >-\n  two\n  lines\n");
    ck_assert_ptr_null(bt_yaml_get(root, "x"));
    expect_text(bt_yaml_get(root, "a"), "1", 2);
    const bt_yaml *list = bt_yaml_get(root, "b");
    ck_assert_int_eq(list->type, BT_YAML_LIST);
    ck_assert_uint_eq(list->count, 3);
    expect_text(list->first, "x", 4);
    ck_assert(!list->first->quoted);
    expect_text(list->first->next, "y z", 5);
    ck_assert(list->first->next->quoted);
    expect_text(bt_yaml_get(list->first->next->next, "c"), "\xC3\xA9", 6);
}
END_TEST

START_TEST(a_file_that_means_more_than_it_shows_is_taken) {
    static const struct {
        const char *text, *message;
    } bad[] = {{"", "empty"},
               {"# only this", "empty"},
               {"a: &x 1", "anchors"},
               {"a: *x", "line 1"},
               {"a: [&x 1, *x]", "anchors"},
               {"&x a: 1", "plain text"},
               {"a: !!str 1", "tags"},
               {"<<: {a: 1}", "`<<`"},
               {"a: 1\na: 2", "line 2, column 1: `a` is here twice (line 1)"},
               {"[a]: 1", "plain text"},
               {"a: \"\\0\"", "control character"},
               {"a: \"\\x07\"", "control character"},
               {"a: \"\\x85\"", "control character"},
               {"a: |\n  two\n  lines", "line break"},
               {"a: 1\n---\nb: 2", "second document"},
               {"a: \xFF", "line"},
               {"[[[[[[[[[[[[[[[[[[[[1]]]]]]]]]]]]]]]]]]]]", "nested too deeply"},
               {"a: [1, 2", "line"},
               {"\ta: 1", "line 1"}};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        ck_assert_msg(!parse(bad[i].text), "%s", bad[i].text);
        ck_assert_msg(strstr(fault.text, bad[i].message), "%s: %s", bad[i].text, fault.text);
    }
}
END_TEST

START_TEST(a_tree_outgrows_its_arena) {
    char *text = malloc(20001);
    text[0] = '[';
    for (size_t i = 1; i < 19999; i += 2) memcpy(text + i, "a,", 2);
    strcpy(text + 19999, "]");
    ck_assert_ptr_null(parse(text));
    ck_assert_int_eq(fault.err, BT_ERR_EXHAUSTED);
    free(text);
}
END_TEST

/* The densest file there is fits the arena that the header promises for it. */
START_TEST(an_arena_of_the_promised_size_is_too_small) {
    size_t size = 2 * BT_YAML_CHILDREN_MAX + 1;
    char *text = malloc(size + 1);
    text[0] = '[';
    for (size_t i = 1; i < size; i += 2) memcpy(text + i, "a,", 2);
    text[size - 1] = ']';
    void *room = malloc(BT_YAML_ARENA(size));
    bt_arena arena;
    const bt_yaml *root = NULL;
    bt_arena_init(&arena, room, BT_YAML_ARENA(size));
    ck_assert_int_eq(bt_yaml_parse(bt_bytes_of(text, size), &arena, &root, &fault), BT_OK);
    ck_assert_uint_eq(root->count, BT_YAML_CHILDREN_MAX);
    free(room);
    free(text);
}
END_TEST

UNIT_MAIN("yaml", a_file_reads_as_something_else, a_file_that_means_more_than_it_shows_is_taken,
          a_tree_outgrows_its_arena, an_arena_of_the_promised_size_is_too_small)
