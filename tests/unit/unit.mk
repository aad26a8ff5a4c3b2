# Unit tests: UNIT-<test> lists the product sources that tests/unit/<test>.c is linked with. host.c and cmocka
# come with every one; sources compile against the host's libc, with -D_GNU_SOURCE. LOG=1 shows log lines.
UNIT-test_string := tests/unit/klibc.c
UNIT-test_format := tests/unit/klibc.c
UNIT-test_err := lib/err.c
UNIT-test_memmap := kernel/memmap.c lib/err.c
UNIT-test_heap := kernel/heap.c lib/err.c
UNIT-test_options := kernel/options.c lib/err.c
