/* Random tables and requests against rules written out the slow way. The seed is printed; BITTING_SEED replays. */
#include "route/host.h"
#include "route/verb.h"
#include "tables.h"
#include "unit.h"

#include <stdio.h>
#include <time.h>

static uint64_t state;

static unsigned draw(unsigned below) {
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    return (unsigned)(state >> 32) % below;
}

static void seed(void) {
    const char *given = getenv("BITTING_SEED");
    state = given ? strtoull(given, NULL, 10) : (uint64_t)time(NULL) * 2654435761u + 1;
    printf("BITTING_SEED=%llu\n", (unsigned long long)state);
    fflush(stdout);
}

static const char *pick(const char *const *list) {
    unsigned count = 0;
    while (list[count]) count++;
    return list[draw(count)];
}

/* What a service makes of a path: decode, then cut at slashes and clean dots, the way that most do. */
static size_t read_like_a_service(bt_bytes path, char *out) {
    char decoded[1024];
    size_t size = 0, used = 0;
    for (size_t i = 0; i < path.size; i++) {
        unsigned byte = path.data[i];
        if (byte == '%' && i + 2 < path.size) {
            char digits[3] = {(char)path.data[i + 1], (char)path.data[i + 2], '\0'};
            byte = (unsigned)strtoul(digits, NULL, 16);
            i += 2;
        }
        decoded[size++] = (char)byte;
    }
    decoded[size] = '\0';
    for (char *save = NULL, *part = strtok_r(decoded, "/\\", &save); part;
         part = strtok_r(NULL, "/\\", &save)) {
        part[strcspn(part, ";")] = '\0';
        if (!*part || strcmp(part, ".") == 0) continue;
        if (strcmp(part, "..") == 0) {
            while (used && out[used - 1] != '/') used--;
            if (used) used--;
            continue;
        }
        used += (size_t)sprintf(out + used, "/%s", part);
    }
    out[used] = '\0';
    return used;
}

static size_t join(const bt_target *target, char *out) {
    size_t used = 0;
    for (size_t i = 0; i < target->count; i++)
        used += (size_t)sprintf(out + used, "/%.*s", BT_BYTES_ARG(target->segments[i]));
    out[used] = '\0';
    return used;
}

START_TEST(a_path_that_is_taken_reads_otherwise_to_a_service) {
    static const char *const pieces[] = {
        "/",    "/",   "/",  "/",   "a",         "b",      "api",    "%61",       "%2e",
        "%2E",  ".",   "..", "...", "%2f",       "%2F",    "%5c",    "\\",        ";",
        "%3b",  "%",   "%2", "%25", "%252e",     "%c3%a9", "%c0%ae", "%ef%bc%8f", "\xC3\xA9",
        "\x80", "%00", " ",  "%20", "~",         "-",      "+",      "=",         ":",
        "@",    "?",   "#",  "%7e", "%e2%80%a4", "{",      "42",     NULL};
    unsigned taken = 0;
    seed();
    for (unsigned round = 0; round < unit_rounds(400000); round++) {
        char raw[256] = "/", theirs[1024], ours[1024];
        for (unsigned n = draw(10); n; n--) strcat(raw, pick(pieces));
        static bt_target target;
        if (bt_target_parse(bt_bytes_text(raw), &target)) continue;
        taken++;
        read_like_a_service(target.path, theirs);
        join(&target, ours);
        ck_assert_msg(strcmp(ours, theirs) == 0, "%s is %s to us and %s to others", raw, ours,
                      theirs);
        char twice[1024];
        read_like_a_service(bt_bytes_text(ours), twice);
        ck_assert_msg(strcmp(ours, twice) == 0, "%s decodes twice", raw);
    }
    ck_assert_uint_gt(taken, unit_rounds(400000) / 100);
}
END_TEST

/* A template as the test reads it: 'a' and 'b' are literals, 'v' a variable, 'r' the rest. */
typedef struct shape {
    char segments[8];
    bool slash;
    unsigned verb; /* 0 GET, 1 POST, 2 any */
} shape;

static bool shape_matches(const shape *s, const char *path, bool slash, unsigned verb) {
    if (s->slash != slash || (s->verb != 2 && s->verb != verb)) return false;
    size_t i = 0;
    for (; s->segments[i]; i++) {
        if (!path[i]) return false;
        if (s->segments[i] == 'r') return true;
        if (s->segments[i] != 'v' && s->segments[i] != path[i]) return false;
    }
    return !path[i];
}

/* Every path of up to 4 segments that matches a matches b as well. */
static bool shape_within(const shape *a, const shape *b) {
    for (unsigned code = 0; code < 3 * 3 * 3 * 3 * 4; code++) {
        char path[5] = "";
        unsigned rest = code / 4;
        for (unsigned i = 0; i <= code % 4; i++, rest /= 3) path[i] = "abc"[rest % 3];
        path[code % 4 + 1] = '\0';
        if (shape_matches(a, path, a->slash, a->verb == 2 ? 0 : a->verb) &&
            !shape_matches(b, path, a->slash, b->verb == 2 ? 0 : b->verb))
            return false;
    }
    return true;
}

static void draw_shape(shape *s) {
    unsigned count = 1 + draw(3);
    *s = (shape){.slash = draw(8) == 0, .verb = draw(3)};
    for (unsigned i = 0; i < count; i++) s->segments[i] = "abvv"[draw(4)];
    if (draw(4) == 0) s->segments[count - 1] = 'r';
}

static void write_shape(const shape *s, char *text) {
    static const char *const verbs[] = {"GET", "POST", "any"};
    text += sprintf(text, "- {method: %s, scopes: [], path: '", verbs[s->verb]);
    for (size_t i = 0; s->segments[i]; i++) {
        char c = s->segments[i];
        text += c == 'v'   ? sprintf(text, "/{v%zu}", i)
                : c == 'r' ? sprintf(text, "/{r...}")
                           : sprintf(text, "/%c", c);
    }
    sprintf(text, "%s'}\n", s->slash ? "/" : "");
}

/* The narrowest of those that match; -1 where none does. */
static int choose(const shape *shapes, unsigned count, const char *path, bool slash,
                  unsigned verb) {
    int best = -1;
    for (unsigned i = 0; i < count; i++) {
        if (!shape_matches(&shapes[i], path, slash, verb)) continue;
        if (best < 0) {
            best = (int)i;
            continue;
        }
        bool in = shape_within(&shapes[i], &shapes[best]),
             around = shape_within(&shapes[best], &shapes[i]);
        if ((in && !around) || (in && shapes[i].verb != 2)) best = (int)i;
    }
    return best;
}

static void compare_one(const bt_route_table *table, const shape *shapes, unsigned count) {
    char path[5] = "", target[16] = "";
    unsigned size = 1 + draw(4), verb = draw(2);
    bool slash = draw(6) == 0;
    for (unsigned i = 0; i < size; i++) {
        path[i] = "abc"[draw(3)];
        sprintf(target + 2 * i, "/%c", path[i]);
    }
    if (slash) strcat(target, "/");
    int best = choose(shapes, count, path, slash, verb);
    bt_route_match got = test_match(table, verb ? "POST" : "GET", "", bt_bytes_text(target), NULL);
    if (got.outcome == BT_ROUTE_MATCHED)
        ck_assert_msg(best >= 0 && got.route->line == (unsigned)best + 3, "%s took line %u, not %d",
                      target, got.route->line, best + 3);
    else if (best >= 0)
        ck_assert_int_eq(got.outcome, BT_ROUTE_AMBIGUOUS);
}

START_TEST(a_request_takes_another_route_than_the_narrowest) {
    unsigned read = 0;
    seed();
    for (unsigned round = 0; round < unit_rounds(20000); round++) {
        shape shapes[6];
        char text[1024] = "version: 1\nroutes:\n";
        unsigned count = 1 + draw(6);
        for (unsigned i = 0; i < count; i++) {
            draw_shape(&shapes[i]);
            write_shape(&shapes[i], text + strlen(text));
        }
        bt_route_table *table = NULL;
        if (bt_route_table_read(bt_bytes_text(text), test_catalogue(), &table, NULL)) continue;
        read++;
        for (unsigned i = 0; i < 16; i++) compare_one(table, shapes, count);
        bt_route_table_free(table);
    }
    ck_assert_uint_gt(read, unit_rounds(20000) / 10);
}
END_TEST

UNIT_MAIN("route/properties", a_path_that_is_taken_reads_otherwise_to_a_service,
          a_request_takes_another_route_than_the_narrowest)
