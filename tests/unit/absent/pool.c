/* Without libevent every function exists, returns TRI_ERR_ABSENT, and leaves its outputs unchanged. Linked
 * with pool/absent.c. */
#include "trireme/pool.h"
#include "check.h"
#include "trireme/journal.h"

int main(void) {
    tri_pool *pool = NULL;
    tri_journal *journal = NULL;
    tri_pool_options options = {.functions = NULL};
    char address[TRI_POOL_ADDRESS] = "";
    int rank, ranks;
    CHECK_STATUS(tri_pool_create(&options, &pool), TRI_ERR_ABSENT);
    CHECK_STATUS(tri_pool_work("", &options), TRI_ERR_ABSENT);
    CHECK_STATUS(tri_pool_find("x", TRI_AT_ONCE, address), TRI_ERR_ABSENT);
    CHECK_STATUS(tri_pool_meet(NULL, NULL, address), TRI_ERR_ABSENT);
    CHECK_STATUS(tri_journal_open("x", "x", NULL, NULL, NULL, &journal), TRI_ERR_ABSENT);
    CHECK_STATUS(tri_journal_read("x", "x", 0, NULL, NULL, NULL), TRI_ERR_ABSENT);
    CHECK(!tri_pool_launched(&rank, &ranks) && ranks == 1 && rank == 0, "a launcher");
    CHECK(tri_pool_run(NULL, NULL, &options, NULL, NULL) == 3, "a run");
    CHECK(!pool && !journal, "outputs");
    tri_pool_destroy(&pool, TRI_OK);
    tri_journal_destroy(&journal);
    return check_result("pool absent");
}
