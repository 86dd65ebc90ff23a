#include "apps/factor/factor.h"
int factor_range_main(int argc, char **argv) {
    (void)argc, (void)argv;
    return 3;
}
