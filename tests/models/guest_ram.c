// See guest_ram.h. Tested: QEMU 7.2, whose firmware changes the map often while it moves its shadow memory about.
#include "tests/models/guest_ram.h"  // guest_ram_at

#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

static struct region {
    uint64_t gpa, size;
    int64_t offset;
    ino_t file;                 // tells whether a new descriptor is the old file
    uint8_t *memory;
    bool mapped;                // by us: is unmapped again
} regions[GUEST_REGIONS];

static unsigned used;

static void let_go(struct region *r)
{
    if (r->mapped)
        munmap(r->memory, r->size);
    *r = (struct region){0};
}

void guest_ram_forget(void)
{
    for (unsigned i = 0; i < used; i++)
        let_go(&regions[i]);
    used = 0;
}

void guest_ram_add(uint64_t gpa, void *memory, uint64_t size)
{
    if (used < GUEST_REGIONS)
        regions[used++] = (struct region){.gpa = gpa, .size = size, .memory = memory};
}

static bool is_same(const struct guest_ram_map *map, const ino_t *files, unsigned count)
{
    if (count != used)
        return false;
    for (unsigned i = 0; i < count; i++) {
        const struct region *r = &regions[i];
        if (r->gpa != map->gpa[i] || r->size != map->size[i] || r->offset != map->offset[i] || r->file != files[i])
            return false;
    }
    return true;
}

static bool take_over(const struct guest_ram_map *map, const int *fds, const ino_t *files, unsigned count)
{
    guest_ram_forget();
    for (unsigned i = 0; i < count; i++) {
        struct region *r = &regions[i];
        // A region's offset in its file need not be a page's: QEMU cuts its memory at addresses of its own.
        int64_t page = map->offset[i] & ~4095ll, rest = map->offset[i] - page;
        void *memory = mmap(NULL, map->size[i] + (uint64_t)rest, PROT_READ | PROT_WRITE, MAP_SHARED, fds[i], page);
        if (memory == MAP_FAILED)
            return false;
        *r = (struct region){map->gpa[i], map->size[i], map->offset[i], files[i], (uint8_t *)memory + rest, rest == 0};
        used = i + 1;
    }
    return true;
}

bool guest_ram_sync(const struct guest_ram_map *map, const int *fds, unsigned count)
{
    ino_t files[GUEST_REGIONS] = {0};
    struct stat status;
    unsigned regions_told = 0;
    bool good;

    while (regions_told < GUEST_REGIONS && regions_told < count && map->size[regions_told] > 0)
        regions_told++;
    for (unsigned i = 0; i < regions_told; i++)
        files[i] = fstat(fds[i], &status) == 0 ? status.st_ino : 0;
    good = is_same(map, files, regions_told) || take_over(map, fds, files, regions_told);
    for (unsigned i = 0; i < count; i++)
        close(fds[i]);
    return good;
}

void *guest_ram_at(uint64_t gpa, uint64_t length)
{
    for (unsigned i = 0; i < used; i++) {
        const struct region *r = &regions[i];
        if (gpa >= r->gpa && gpa - r->gpa < r->size && length <= r->size - (gpa - r->gpa))
            return r->memory + (gpa - r->gpa);
    }
    return NULL;
}
