FUZZ-fuzz_doors := boot/doors.c boot/multiboot2.c boot/multiboot1.c boot/pvh.c lib/err.c
