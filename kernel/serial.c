// The 16550 and its descendants at the four PC addresses, polled.
// Spec: National Semiconductor PC16550D data sheet. Not handled: UARTs in memory or on PCI, flow control.
// Tested: QEMU's isa-serial.
#include "kernel/serial.h"       // serial_open
#include "kernel/cpu.h"          // outb
#include "kernel/serial_regs.h"  // UART_LSR
#include "lib/clock.h"           // deadline_ms

#include <stdint.h>

#define TX_SIZE 256              // three status lines
#define RX_SIZE 1024
// 16 bytes at 1200 baud take 133 ms; the rest is for emulated UARTs whose reader sleeps now and then.
#define SEND_TIMEOUT_MS 1000
#define DRAIN_MAX 64             // bytes taken in one go: a UART gone mad does not hold us

struct serial {
    uint16_t base;
    bool open;
    bool stuck;                  // it took nothing for SEND_TIMEOUT_MS: do not wait for it again
    unsigned depth;              // of the transmit FIFO
    unsigned room;               // bytes it is known to take
    uint32_t tx_prod, tx_cons;   // free-running
    uint32_t rx_prod, rx_cons;
    uint8_t tx[TX_SIZE];
    uint8_t rx[RX_SIZE];
};

static struct serial ports[SERIAL_PORTS] = {
    {.base = 0x3f8},
    {.base = 0x2f8},
    {.base = 0x3e8},
    {.base = 0x2e8},
};

static uint8_t reg_read(const struct serial *s, enum uart_register reg)
{
    return inb((uint16_t)(s->base + reg));
}

static void reg_write(const struct serial *s, enum uart_register reg, uint8_t value)
{
    outb((uint16_t)(s->base + reg), value);
}

// Most UARTs pass both tests; some emulated ones lack loop mode, the oldest chips the scratch register.
static bool answers(const struct serial *s)
{
    if (reg_read(s, UART_LSR) == LSR_ABSENT)
        return false;
    // The second pattern tells a register from a bus that remembers what was last on it.
    reg_write(s, UART_SCR, SCR_PATTERN);
    reg_write(s, UART_IER, IER_NONE);
    bool scratch = reg_read(s, UART_SCR) == SCR_PATTERN;
    reg_write(s, UART_SCR, SCR_OTHER_PATTERN);
    reg_write(s, UART_IER, IER_NONE);
    scratch = scratch && reg_read(s, UART_SCR) == SCR_OTHER_PATTERN;
    if (scratch)
        return true;
    reg_write(s, UART_MCR, MCR_LOOP | MCR_OUT2 | MCR_RTS);
    bool loop = (reg_read(s, UART_MSR) & MSR_OUTPUTS) == MSR_OF_OUT2_RTS;
    reg_write(s, UART_MCR, MCR_DTR | MCR_RTS);
    return loop;
}

// Looks at the UART once: keeps a byte that has arrived, notes when the transmit FIFO is empty. False when
// no byte was there.
static bool poll_once(struct serial *s)
{
    uint8_t status = reg_read(s, UART_LSR);

    if (status & LSR_THRE) {
        s->room = s->depth;
        s->stuck = false;
    }
    if (!(status & LSR_DR) || status == LSR_ABSENT)
        return false;
    uint8_t byte = reg_read(s, UART_RBR);
    // Noise of a loose cable, and the NUL of a break, are nobody's keys.
    if (!(status & (LSR_PE | LSR_FE | LSR_BI)) && s->rx_prod - s->rx_cons < RX_SIZE)
        s->rx[s->rx_prod++ & (RX_SIZE - 1)] = byte;
    return true;
}

static void drain(struct serial *s)
{
    for (unsigned count = 0; count < DRAIN_MAX && poll_once(s); count++)
        ;
}

// True once the UART takes a byte. Looks for input while it waits: a paste is echoed while it still arrives.
static bool wait_for_room(struct serial *s)
{
    uint64_t deadline = deadline_ms(SEND_TIMEOUT_MS);

    while (s->room == 0) {
        poll_once(s);
        if (s->room > 0)
            break;
        if (s->stuck || deadline_passed(deadline)) {
            s->stuck = true;
            return false;
        }
        cpu_relax();
    }
    return true;
}

static void send(struct serial *s, uint8_t byte)
{
    if (!wait_for_room(s))
        return;
    reg_write(s, UART_THR, byte);
    s->room--;
}

static void send_queue(struct serial *s, bool wait)
{
    while (s->tx_cons != s->tx_prod && (wait || s->room > 0))
        send(s, s->tx[s->tx_cons++ & (TX_SIZE - 1)]);
}

// Waits until the last bit has left, a second at most.
static void flush(struct serial *s)
{
    send_queue(s, true);
    uint64_t deadline = deadline_ms(SEND_TIMEOUT_MS);
    while (!(reg_read(s, UART_LSR) & LSR_TEMT) && !deadline_passed(deadline))
        cpu_relax();
}

bool serial_open(unsigned port, unsigned baud)
{
    if (port >= SERIAL_PORTS || baud == 0 || UART_CLOCK_BAUD % baud != 0)
        return false;
    struct serial *s = &ports[port];
    unsigned divisor = UART_CLOCK_BAUD / baud;
    if (divisor > UINT16_MAX || !answers(s))
        return false;
    // What the boot loader, or we at another rate, wrote last has to leave first.
    s->open = true;
    flush(s);
    reg_write(s, UART_LCR, LCR_DLAB);
    reg_write(s, UART_DLL, (uint8_t)divisor);
    reg_write(s, UART_DLM, (uint8_t)(divisor >> 8));
    reg_write(s, UART_LCR, LCR_8N1);
    reg_write(s, UART_FCR, FCR_ENABLE | FCR_RESET_RX | FCR_RESET_TX);
    reg_write(s, UART_MCR, MCR_DTR | MCR_RTS);
    bool fifo = (reg_read(s, UART_IIR) & IIR_FIFO_WORKS) == IIR_FIFO_WORKS;
    s->depth = fifo ? UART_FIFO_DEPTH : 1;
    s->room = 0;
    s->stuck = false;
    return true;
}

void serial_write(unsigned port, const char *bytes, size_t length)
{
    struct serial *s = &ports[port];

    if (!s->open)
        return;
    send_queue(s, true);
    for (size_t i = 0; i < length; i++)
        send(s, (uint8_t)bytes[i]);
}

void serial_queue(unsigned port, const char *bytes, size_t length)
{
    struct serial *s = &ports[port];

    if (!s->open || length > TX_SIZE - (s->tx_prod - s->tx_cons))
        return;
    for (size_t i = 0; i < length; i++)
        s->tx[s->tx_prod++ & (TX_SIZE - 1)] = (uint8_t)bytes[i];
}

int serial_read(unsigned port)
{
    struct serial *s = &ports[port];

    if (!s->open)
        return -1;
    drain(s);
    send_queue(s, false);
    return s->rx_cons == s->rx_prod ? -1 : s->rx[s->rx_cons++ & (RX_SIZE - 1)];
}
