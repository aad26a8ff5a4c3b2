// DMA memory and receive buffer pools, with lwIP's own pbuf code returning the buffers.

#include "drivers/dma.h"    // dma_alloc
#include "drivers/nic.h"    // nic_buf_pool
#include "kernel/memory.h"  // memmap_claim_own
#include "lib/err.h"        // ERR_DMA

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static unsigned pages_claimed;
static bool out_of_memory;

int memmap_claim_own(uint64_t length, uint64_t align, const char *owner, uint64_t *base)
{
    assert_true(align >= PAGE_SIZE && length % PAGE_SIZE == 0);
    assert_non_null(owner);
    if (out_of_memory)
        return ERR_NOT_ENOUGH_MEMORY;
    void *memory = aligned_alloc(align, (length + align - 1) / align * align);
    memset(memory, 0xa5, length);
    *base = (uintptr_t)memory;
    pages_claimed += (unsigned)(length / PAGE_SIZE);
    return 0;
}

int memmap_release(uint64_t base, uint64_t length)
{
    pages_claimed -= (unsigned)(length / PAGE_SIZE);
    free((void *)(uintptr_t)base);
    return 0;
}

static void test_dma(void **state)
{
    static const struct { size_t size, align; } cases[] = {
        {1, 1}, {64, 64}, {65, 16}, {100, 256}, {2048, 2048}, {2049, 8}, {4096, 4096},
        {70000, 65536}, {16, 4096},
    };

    (void)state;
    for (unsigned round = 0; round < 50; round++) {
        uint8_t *memory[sizeof(cases) / sizeof(cases[0])];
        for (unsigned i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
            memory[i] = dma_alloc(cases[i].size, cases[i].align);
            assert_non_null(memory[i]);
            assert_int_equal(dma_addr(memory[i]) % cases[i].align, 0);
            for (size_t at = 0; at < cases[i].size; at++)
                assert_int_equal(memory[i][at], 0);
        }
        for (unsigned i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
            memset(memory[i], (int)(0x40 + i), cases[i].size);
        for (unsigned i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {  // no two overlap
            assert_int_equal(memory[i][0], 0x40 + i);
            assert_int_equal(memory[i][cases[i].size - 1], 0x40 + i);
            dma_free(memory[i], cases[i].size);
        }
    }
    assert_null(dma_alloc(0, 1));
    assert_null(dma_alloc(SIZE_MAX, 1));
    dma_free(NULL, 10);
    out_of_memory = true;
    assert_null(dma_alloc(1 << 20, 64));
    out_of_memory = false;
}

static void test_pool_layout(void **state)
{
    static const struct { unsigned count; uint32_t size; } cases[] = {
        {1, 1}, {43, 1536}, {300, 2048}, {7, 65536}, {3, 70000}, {33, 1500}, {5, 40000},
    };

    (void)state;
    for (unsigned c = 0; c < sizeof(cases) / sizeof(cases[0]); c++) {
        struct nic_buf_pool pool;
        unsigned before = pages_claimed;
        assert_int_equal(nic_buf_pool_create(&pool, cases[c].count, cases[c].size), 0);
        assert_true(pool.buffer_size >= cases[c].size && pool.buffer_size % 64 == 0);
        struct nic_buf *taken = NULL, *buf;
        unsigned count = 0;
        while ((buf = nic_buf_get(&pool)) != NULL) {
            uintptr_t first = (uintptr_t)buf->data, last = first + pool.buffer_size - 1;
            memset(buf->data, 0x5a, pool.buffer_size);  // ASan: inside the memory
            if (pool.buffer_size <= 65536)
                assert_int_equal(first >> 16, last >> 16);
            for (struct nic_buf *other = taken; other; other = other->next)
                assert_true(other->data + pool.buffer_size <= buf->data ||
                            buf->data + pool.buffer_size <= other->data);
            buf->next = taken;
            taken = buf;
            count++;
        }
        assert_int_equal(count, cases[c].count);
        assert_int_equal(nic_buf_pool_destroy(&pool), ERR_DMA);
        while ((buf = taken) != NULL) {
            taken = buf->next;
            nic_buf_put(buf);
        }
        assert_int_equal(nic_buf_pool_destroy(&pool), 0);
        assert_int_equal(nic_buf_pool_destroy(&pool), 0);
        assert_int_equal(pages_claimed, before);
    }
}

static void test_pool_refusals(void **state)
{
    struct nic_buf_pool pool;

    (void)state;
    assert_int_equal(nic_buf_pool_create(&pool, 0, 2048), ERR_NOT_ENOUGH_MEMORY);
    assert_int_equal(nic_buf_pool_create(&pool, 1, 0), ERR_NOT_ENOUGH_MEMORY);
    assert_int_equal(nic_buf_pool_create(&pool, UINT32_MAX, 2048), ERR_NOT_ENOUGH_MEMORY);
    assert_int_equal(nic_buf_pool_create(&pool, 1, UINT32_MAX), ERR_NOT_ENOUGH_MEMORY);
    out_of_memory = true;
    assert_int_equal(nic_buf_pool_create(&pool, 10, 2048), ERR_NOT_ENOUGH_MEMORY);
    out_of_memory = false;
}

// What a chip may claim about a buffer, and what becomes of it.
static void test_to_pbuf(void **state)
{
    static const struct { uint32_t offset, length; bool good; } cases[] = {
        {0, 0, true},        {0, 1536, true},          {12, 1524, true},          {12, 1525, false},
        {1536, 0, true},     {1537, 0, false},         {0, 1537, false},          {UINT32_MAX, 1, false},
        {1, UINT32_MAX, false}, {12, UINT32_MAX - 11, false}, {0, 65536, false},
    };
    struct nic_buf_pool pool;

    (void)state;
    assert_int_equal(nic_buf_pool_create(&pool, 2, 1536), 0);
    for (unsigned i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct nic_buf *buf = nic_buf_get(&pool);
        struct pbuf *pbuf = nic_buf_to_pbuf(buf, cases[i].offset, cases[i].length);
        assert_int_equal(pbuf != NULL, cases[i].good);
        if (pbuf) {
            assert_ptr_equal(pbuf->payload, buf->data + cases[i].offset);
            assert_int_equal(pbuf->tot_len, cases[i].length);
            assert_int_equal(pool.free_count, 1);
            pbuf_ref(pbuf);
            pbuf_free(pbuf);
            assert_int_equal(pool.free_count, 1);
            pbuf_free(pbuf);
        }
        assert_int_equal(pool.free_count, 2);
    }
    assert_int_equal(nic_buf_pool_destroy(&pool), 0);
    assert_int_equal(nic_buf_pool_create(&pool, 1, 100000), 0);  // longer than a pbuf can be
    assert_null(nic_buf_to_pbuf(nic_buf_get(&pool), 0, 65536));
    assert_int_equal(nic_buf_pool_destroy(&pool), 0);
}

// A frame of several buffers comes back as a whole, in whatever order its parts are freed.
static void test_chain(void **state)
{
    struct nic_buf_pool pool;

    (void)state;
    assert_int_equal(nic_buf_pool_create(&pool, 3, 1536), 0);
    struct pbuf *head = nic_buf_to_pbuf(nic_buf_get(&pool), 12, 1500);
    pbuf_cat(head, nic_buf_to_pbuf(nic_buf_get(&pool), 0, 1536));
    pbuf_cat(head, nic_buf_to_pbuf(nic_buf_get(&pool), 0, 10));
    assert_int_equal(head->tot_len, 1500 + 1536 + 10);
    assert_null(nic_buf_get(&pool));
    struct pbuf *tail = head->next;
    pbuf_ref(tail);
    pbuf_free(head);
    assert_int_equal(pool.free_count, 1);
    pbuf_free(tail);
    assert_int_equal(pool.free_count, 3);
    assert_int_equal(nic_buf_pool_destroy(&pool), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_dma),           cmocka_unit_test(test_pool_layout),
        cmocka_unit_test(test_pool_refusals), cmocka_unit_test(test_to_pbuf),
        cmocka_unit_test(test_chain),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
