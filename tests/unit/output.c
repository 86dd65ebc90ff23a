/* Output files: temporary names, what may be replaced, and what is left behind. */
#include "trireme/output.h"

#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "check.h"

static void put(const char *path, const char *text) {
    FILE *to = fopen(path, "w");
    CHECK(to && fputs(text, to) >= 0 && !fclose(to), "%s", path);
}

static void holds(const char *path, const char *expected) {
    char text[64] = "";
    FILE *from = fopen(path, "r");
    CHECK(from, "%s is missing", path);
    if (!from) return;
    text[fread(text, 1, sizeof text - 1, from)] = 0;
    fclose(from);
    CHECK(!strcmp(text, expected), "%s holds '%s', not '%s'", path, text, expected);
}

static int exists(const char *path) {
    struct stat s;
    return !lstat(path, &s);
}

static tri_output *start(const char *path, int replace, const char *text) {
    tri_output *output = NULL;
    CHECK_OK(tri_output_create(path, replace, &output));
    if (!output) exit(check_result("output"));
    fputs(text, tri_output_stream(output));
    return output;
}

static void names(void) {
    char *a = NULL, *b = NULL, longest[256], deep[5000];
    CHECK_OK(tri_output_name("folder/x.h5", &a));
    CHECK_OK(tri_output_name("folder/x.h5", &b));
    CHECK(!strncmp(a, "folder/x.h5.", 12) && !strcmp(a + strlen(a) - 5, ".part"), "%s", a);
    CHECK(strcmp(a, b), "the same name twice: %s", a);
    free(a);
    free(b);
    /* The longest name of a file, whose temporary name must not be longer. */
    memset(longest, 'n', 255);
    longest[255] = 0;
    tri_output *output = start(longest, 0, "long");
    CHECK_OK(tri_output_finish(output, NULL));
    tri_output_destroy(&output);
    holds(longest, "long");
    unlink(longest);
    memset(deep, 'n', sizeof deep);
    deep[sizeof deep - 1] = 0;
    CHECK_STATUS(tri_output_create(deep, 1, &output), TRI_ERR_FILE);
    CHECK_STATUS(tri_output_create("", 1, &output), TRI_ERR_FILE);
    CHECK_STATUS(tri_output_create("folder/", 1, &output), TRI_ERR_FILE);
    CHECK_STATUS(tri_output_create("none/x", 1, &output), TRI_ERR_FILE);
    CHECK(strstr(tri_error_text(), "no such folder"), "%s", tri_error_text());
    CHECK_OK(tri_output_folders("one//two/three/x"));
    CHECK_OK(tri_output_folders("one//two/three/x"));
    CHECK(exists("one/two/three") && !exists("one/two/three/x"), "folders");
    put("file", "file");
    CHECK_STATUS(tri_output_folders("file/two/x"), TRI_ERR_FILE);
}

static void finishes(void) {
    struct stat s;
    umask(027);
    tri_output *output = start("new", 0, "new");
    char *temporary = strdup(tri_output_temporary(output));
    CHECK(!exists("new") && exists(temporary), "%s", temporary);
    CHECK_OK(tri_output_finish(output, NULL));
    tri_output_destroy(&output);
    holds("new", "new");
    CHECK(!stat("new", &s) && (s.st_mode & 0777) == 0640, "mode %o", (unsigned)s.st_mode);
    CHECK(!exists(temporary), "%s", temporary);
    free(temporary);
    umask(022);
    /* An unfinished one leaves nothing, and the old file stays. */
    output = start("new", 1, "newer");
    temporary = strdup(tri_output_temporary(output));
    tri_output_destroy(&output);
    CHECK(!output && !exists(temporary), "%s", temporary);
    free(temporary);
    holds("new", "new");
    tri_output_destroy(&output);
    tri_output_destroy(NULL);
    output = start("new", 1, "newer");
    CHECK_OK(tri_output_finish(output, NULL));
    tri_output_destroy(&output);
    holds("new", "newer");
}

static void refuses_to_replace(void) {
    tri_output *output = NULL;
    CHECK_STATUS(tri_output_create("new", 0, &output), TRI_ERR_FILE);
    CHECK(strstr(tri_error_text(), "'new' exists") && strstr(tri_error_text(), "--replace"), "%s",
          tri_error_text());
    CHECK_STATUS(tri_output_check("new", 0), TRI_ERR_FILE);
    CHECK_OK(tri_output_check("new", 1));
    /* It appears meanwhile; another name will do. */
    output = start("late", 0, "mine");
    put("late", "theirs");
    CHECK_STATUS(tri_output_finish(output, NULL), TRI_ERR_FILE);
    holds("late", "theirs");
    CHECK_OK(tri_output_finish(output, "later"));
    tri_output_destroy(&output);
    holds("later", "mine");
    /* Two runs replace one file: the later one, which is newer, stays. */
    output = start("late", 1, "first");
    tri_output *second = start("late", 1, "second");
    CHECK_OK(tri_output_finish(second, NULL));
    CHECK_STATUS(tri_output_finish(output, NULL), TRI_ERR_FILE);
    tri_output_destroy(&output);
    tri_output_destroy(&second);
    holds("late", "second");
    /* Somebody puts a link in the place of the temporary file. */
    output = start("late", 1, "first");
    put("victim", "victim");
    CHECK(!unlink(tri_output_temporary(output)) && !symlink("victim", tri_output_temporary(output)), "link");
    CHECK_STATUS(tri_output_finish(output, NULL), TRI_ERR_FILE);
    tri_output_destroy(&output);
    holds("late", "second");
    holds("victim", "victim");
}

static void replaces_regular_files_only(void) {
    struct sockaddr_un name = {.sun_family = AF_UNIX, .sun_path = "socket"};
    int s = socket(AF_UNIX, SOCK_STREAM, 0);
    CHECK(!bind(s, (struct sockaddr *)&name, sizeof name), "bind");
    CHECK(!mkfifo("pipe", 0600) && !mkdir("folder", 0700), "pipe and folder");
    CHECK(!symlink("pipe", "to pipe") && !symlink("folder", "to folder") &&
              !symlink("/dev/null", "to null") && !symlink("victim", "to file") &&
              !symlink("nothing", "to nothing"),
          "links");
    static const char *const others[] = {"pipe",      "folder",  "socket", "/dev/null",
                                         "to folder", "to null", "to pipe"};
    for (size_t i = 0; i < sizeof others / sizeof *others; i++)
        for (int replace = 0; replace < 2; replace++) {
            tri_output *output = NULL;
            CHECK_STATUS(tri_output_create(others[i], replace, &output), TRI_ERR_FILE);
            CHECK(strstr(tri_error_text(), others[i]) && strstr(tri_error_text(), "choose another name"),
                  "%s", tri_error_text());
            put("temporary", "x");
            CHECK_STATUS(tri_output_publish("temporary", others[i], replace), TRI_ERR_FILE);
        }
    close(s);
    static const char *const links[] = {"to file", "to nothing"};
    for (size_t i = 0; i < sizeof links / sizeof *links; i++) {
        tri_output *output = NULL;
        CHECK_STATUS(tri_output_create(links[i], 0, &output), TRI_ERR_FILE);
        output = start(links[i], 1, "mine");
        CHECK_OK(tri_output_finish(output, NULL));
        tri_output_destroy(&output);
        holds(links[i], "mine");
    }
    holds("victim", "victim");
    CHECK(!exists("nothing"), "a link to nothing was followed");
}

static void abandons(void) {
    tri_output *one = start("gone1", 0, "1"), *two = start("gone2", 0, "2"), *kept = start("kept", 0, "k");
    CHECK_OK(tri_output_finish(kept, NULL));
    /* A child's signal handler must not remove the files of its parent. */
    pid_t child = fork();
    if (!child) {
        tri_output_abandon();
        _exit(0);
    }
    waitpid(child, NULL, 0);
    CHECK(exists(tri_output_temporary(one)) && exists(tri_output_temporary(two)), "a child removed them");
    tri_output_abandon();
    CHECK(!exists(tri_output_temporary(one)) && !exists(tri_output_temporary(two)), "still there");
    CHECK_STATUS(tri_output_finish(one, NULL), TRI_ERR_FILE);
    tri_output_destroy(&one);
    tri_output_destroy(&two);
    tri_output_destroy(&kept);
    holds("kept", "k");
}

int main(void) {
    char folder[] = "output-XXXXXX";
    CHECK(mkdtemp(folder) && !chdir(folder), "%s", folder);
    names();
    finishes();
    refuses_to_replace();
    replaces_regular_files_only();
    abandons();
    char command[64];
    CHECK(!chdir(".."), "%s", folder);
    snprintf(command, sizeof command, "ls -A %s | grep -q part", folder);
    CHECK(system(command) != 0, "temporary files are left");
    snprintf(command, sizeof command, "rm -rf %s", folder);
    CHECK(system(command) == 0, "%s", command);
    return check_result("output files");
}
