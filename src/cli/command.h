/* The commands, one file each. Each gets what follows its name, and returns the program's exit code. */
#ifndef BT_CLI_COMMAND_H
#define BT_CLI_COMMAND_H

int bt_command_serve(int argc, char **argv);
int bt_command_key_create(int argc, char **argv);
int bt_command_key_import(int argc, char **argv);
int bt_command_key_list(int argc, char **argv);
int bt_command_key_show(int argc, char **argv);
int bt_command_key_revoke(int argc, char **argv);
int bt_command_key_purge(int argc, char **argv);
int bt_command_key_update(int argc, char **argv);
int bt_command_key_rotate(int argc, char **argv);
int bt_command_env_list(int argc, char **argv);
int bt_command_env_add(int argc, char **argv);
int bt_command_env_set(int argc, char **argv);
int bt_command_owner_stop(int argc, char **argv);
int bt_command_owner_resume(int argc, char **argv);
int bt_command_owner_delete(int argc, char **argv);
int bt_command_owner_show(int argc, char **argv);
int bt_command_scope_list(int argc, char **argv);
int bt_command_scope_diff(int argc, char **argv);
int bt_command_scope_apply(int argc, char **argv);
int bt_command_scope_export(int argc, char **argv);
int bt_command_preset_list(int argc, char **argv);
int bt_command_store_backup(int argc, char **argv);
int bt_command_store_verify(int argc, char **argv);
int bt_command_route_check(int argc, char **argv);
int bt_command_check(int argc, char **argv);
int bt_command_version(int argc, char **argv);

#endif
