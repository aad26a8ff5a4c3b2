// Registers of the 16550 serial port, by the names of the National Semiconductor PC16550D data sheet, table
// II.
#ifndef URLBOOT_KERNEL_SERIAL_REGS_H
#define URLBOOT_KERNEL_SERIAL_REGS_H

#define UART_CLOCK_BAUD 115200u  // the rate of divisor 1
#define UART_FIFO_DEPTH 16       // bytes in each direction

enum uart_register {             // offsets from the base; with LCR.DLAB the first two are DLL and DLM
    UART_RBR = 0,                // read
    UART_THR = 0,                // write
    UART_DLL = 0,
    UART_IER = 1,
        IER_NONE = 0,            // no interrupts: it is polled
    UART_DLM = 1,
    UART_IIR = 2,                // read
        IIR_FIFO_WORKS = 0xc0,   // both bits; the 16550 without A has FIFOs that do not
    UART_FCR = 2,                // write
        FCR_ENABLE = 0x01,
        FCR_RESET_RX = 0x02,
        FCR_RESET_TX = 0x04,
    UART_LCR = 3,
        LCR_8N1 = 0x03,
        LCR_DLAB = 0x80,
    UART_MCR = 4,
        MCR_DTR = 0x01,
        MCR_RTS = 0x02,
        MCR_OUT2 = 0x08,
        MCR_LOOP = 0x10,
    UART_LSR = 5,
        LSR_DR = 0x01,           // a byte is there
        LSR_PE = 0x04,
        LSR_FE = 0x08,
        LSR_BI = 0x10,           // break
        LSR_THRE = 0x20,         // the transmit FIFO is empty
        LSR_TEMT = 0x40,         // and the last bit has left
        LSR_ABSENT = 0xff,       // nobody drives the bus
    UART_MSR = 6,
        MSR_OUTPUTS = 0xf0,      // in loop mode: OUT2, OUT1, RTS, DTR as DCD, RI, CTS, DSR
        MSR_OF_OUT2_RTS = 0x90,
    UART_SCR = 7,                // holds any byte
        SCR_PATTERN = 0x5a,
        SCR_OTHER_PATTERN = 0xa5,
};

#endif
