// The i8042 keyboard controller, polled.
// Spec: IBM PC AT Technical Reference, "Keyboard controller". Not handled: USB keyboards that no firmware
// imitates, lights, typematic rate. Tested: QEMU's i8042 under SeaBIOS and OVMF.
#include "kernel/keyboard.h"       // keyboard_open
#include "kernel/cpu.h"            // inb
#include "kernel/keyboard_regs.h"  // I8042_STATUS
#include "kernel/scancode.h"       // scancode_key
#include "lib/clock.h"             // deadline_ms

#define ANSWER_TIMEOUT_MS 20
#define DRAIN_MAX 32               // bytes; the controller keeps 16 at most

static bool is_open;
static struct scancode_state state;

// The byte that waits, -1 when there is none or it is the mouse's.
static int take_byte(bool *more)
{
    uint8_t status = inb(I8042_STATUS);

    *more = status != STATUS_ABSENT && (status & STATUS_OUTPUT_FULL) != 0;
    if (!*more)
        return -1;
    uint8_t byte = inb(I8042_DATA);
    return status & STATUS_FROM_MOUSE ? -1 : byte;
}

static bool wait_input_empty(void)
{
    uint64_t deadline = deadline_ms(ANSWER_TIMEOUT_MS);

    while (inb(I8042_STATUS) & STATUS_INPUT_FULL) {
        if (deadline_passed(deadline))
            return false;
        cpu_relax();
    }
    return true;
}

// The controller's mode byte, -1 when it does not tell.
static int read_mode(void)
{
    if (!wait_input_empty())
        return -1;
    outb(I8042_COMMAND, COMMAND_READ_MODE);
    uint64_t deadline = deadline_ms(ANSWER_TIMEOUT_MS);
    while (!deadline_passed(deadline)) {
        bool more;
        int byte = take_byte(&more);
        if (byte >= 0)
            return byte;
        cpu_relax();
    }
    return -1;
}

bool keyboard_open(void)
{
    bool more = true;

    is_open = inb(I8042_STATUS) != STATUS_ABSENT;
    if (!is_open)
        return false;
    for (unsigned count = 0; count < DRAIN_MAX && more; count++)
        take_byte(&more);
    // Firmware has it running; only what is wrong is touched, as the controller may be an imitation.
    int mode = read_mode();
    if (mode >= 0 && (!(mode & MODE_TRANSLATE) || (mode & MODE_KEYBOARD_OFF)) && wait_input_empty()) {
        outb(I8042_COMMAND, COMMAND_WRITE_MODE);
        if (wait_input_empty())
            outb(I8042_DATA, (uint8_t)((mode | MODE_TRANSLATE) & ~MODE_KEYBOARD_OFF));
    }
    return true;
}

int keyboard_key(void)
{
    bool more = is_open;

    for (unsigned count = 0; count < DRAIN_MAX && more; count++) {
        int byte = take_byte(&more);
        int key = byte < 0 ? -1 : scancode_key(&state, (uint8_t)byte);
        if (key >= 0)
            return key;
    }
    return -1;
}
