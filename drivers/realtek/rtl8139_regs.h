// Registers of the RTL8139 family, named as in the data sheets, and the header in front of received frames.
// Spec: RTL8139D(L) Data Sheet chapters 5 and 6, RTL8139C+ Data Sheet chapter 6, RTL8139 Programming Guide.
// The width of each is that of its accesses: some take no other.
#ifndef URLBOOT_DRIVERS_REALTEK_RTL8139_REGS_H
#define URLBOOT_DRIVERS_REALTEK_RTL8139_REGS_H

#define REALTEK_VENDOR 0x10ec
#define RTL8139_BAR_REGS 1           // BAR 0 has the same registers as ports
#define RTL8139_REGS_SIZE 0x80u      // the first chips have no more; C+CR is only touched on those that have

#define IDR0 0x00                    // MAC address; written 32 bits at a time, both halves
#define IDR4 0x04
#define MAR0 0x08                    // multicast hash
#define MAR4 0x0c
#define TSD0 0x10                    // 32 bits, four of them: transmit status
#define     TSD_SIZE_MASK 0x1fffu
#define     TSD_OWN (1u << 13)       // the chip has read the frame; writing 0 gives it to the chip
#define     TSD_TUN (1u << 14)       // the FIFO ran empty; the frame went out all the same, or again
#define     TSD_TOK (1u << 15)       // sent
#define     TSD_ERTXTH_SHIFT 16      // in units of 32 bytes: how much must be in the FIFO to begin
#define     TSD_ERTXTH_UNIT 32u
#define     TSD_TABT (1u << 30)      // given up after too many collisions; TCR_CLRABT sends it again
#define TSAD0 0x20                   // 32 bits, four of them: where the frames are
#define RBSTART 0x30                 // 32 bits: receive ring
#define CR 0x37                      // 8 bits
#define     CR_BUFE (1u << 0)        // no frame in the receive ring
#define     CR_TE (1u << 2)
#define     CR_RE (1u << 3)
#define     CR_RST (1u << 4)         // clears itself
#define     CR_GONE 0xffu            // never: CR_RST does not stay
#define CAPR 0x38                    // 16 bits: how far the driver has read, less CAPR_BIAS
#define     CAPR_BIAS 16u
#define CBR 0x3a                     // 16 bits: how far the chip has written, in whole frames
#define IMR 0x3c                     // 16 bits
#define ISR 0x3e                     // 16 bits; writing ones clears
#define     ISR_ROK (1u << 0)
#define     ISR_RER (1u << 1)
#define     ISR_RXOVW (1u << 4)      // ring full; to be cleared once CAPR has moved
#define     ISR_FOVW (1u << 6)       // FIFO full
#define     ISR_RECEIVED (ISR_ROK | ISR_RER | ISR_RXOVW | ISR_FOVW)
#define     ISR_SERR (1u << 15)      // PCI system error
#define     ISR_ALL 0xffffu
#define TCR 0x40                     // 32 bits; takes no value while the transmitter is off
#define     TCR_CLRABT (1u << 0)
#define     TCR_MXDMA_1024 (6u << 8) // bytes of a burst
#define     TCR_IFG_NORMAL (3u << 24)  // 802.3's gap between frames; other values shorten it
#define     TCR_HWVERID_MASK 0x7cc00000u
#define RCR 0x44                     // 32 bits; thresholds take no value while the receiver is off
#define     RCR_APM (1u << 1)        // accept frames to our address
#define     RCR_AB (1u << 3)         // and broadcasts
#define     RCR_WRAP (1u << 7)       // the last frame goes on behind the ring's end; not with 64 KiB
#define     RCR_MXDMA_UNLIMITED (7u << 8)
#define     RCR_RBLEN_32K (2u << 11)
#define     RCR_RXFTH_WHOLE (7u << 13) // a frame moves to memory when all of it is in the FIFO
#define MPC 0x4c                     // 32 bits, 24 valid: frames missed; writing clears
#define     MPC_MASK 0xffffffu
#define EECR 0x50                    // 8 bits: 93C46 command register, "9346CR"
#define     EECR_EEDO (1u << 0)
#define     EECR_EEDI (1u << 1)
#define     EECR_EESK (1u << 2)
#define     EECR_EECS (1u << 3)
#define     EECR_NORMAL 0u
#define     EECR_PROGRAM 0x80u       // the pins above are ours
#define     EECR_CONFIG 0xc0u        // CONFIGn, IDRn and BMCR may be written
#define CONFIG1 0x52                 // 8 bits
#define     CONFIG1_PWRDN (1u << 0)  // these two on the first chips only; later ones have other things there
#define     CONFIG1_SLEEP (1u << 1)
#define MSR 0x58                     // 8 bits
#define     MSR_LINKB (1u << 2)      // link down
#define     MSR_SPEED_10 (1u << 3)
#define HLTCLK 0x5b                  // 8 bits, write only
#define     HLTCLK_RUN 'R'           // the clock runs, always
#define MULINT 0x5c                  // 16 bits: early receive
#define     MULINT_EARLY_MASK 0x0fffu
#define BMCR 0x62                    // 16 bits, this and the next: the PHY's own, as in 802.3
#define     BMCR_FULL_DUPLEX (1u << 8)
#define     BMCR_RESTART (1u << 9)
#define     BMCR_ISOLATE (1u << 10)
#define     BMCR_POWER_DOWN (1u << 11)
#define     BMCR_NEGOTIATE (1u << 12)
#define ANAR 0x66
#define ANLPAR 0x68
#define     ANAR_10_FULL (1u << 6)
#define     ANAR_100 (1u << 7)
#define     ANAR_100_FULL (1u << 8)
#define CPCR 0xe0                    // 16 bits: C+ command, 8139C+ only
#define     CPCR_CPTX (1u << 0)      // send and receive by descriptors
#define     CPCR_CPRX (1u << 1)
#define CPCR_END 0xe2u

// In front of each frame: status in the lower half, length with FCS in the upper one, written by the chip.
#define RX_ROK 0x0001u
#define RX_ERRORS 0x003eu            // symbol, runt, long, CRC, alignment
#define RX_LENGTH_SHIFT 16
#define RX_UNFINISHED 0xfff0u        // as length: the chip is still at it
#define RX_HEADER 4u
#define RX_ALIGN 4u                  // each header's
#define FCS 4u

#define RX_RING 0x8000u              // RCR_RBLEN_32K
#define RX_RING_BYTES 0x10000u       // RCR_WRAP needs 1.5 KiB behind by the data sheets: for good frames
#define TX_SLOTS 4u

// EEPROM: 93C46 (6 bits of address) or 93C56 (8 bits), 16-bit words
#define EE_READ 6u                   // start bit and opcode
#define EE_ID_WORD 0u
#define     EE_ID 0x8129u
#define EE_ADDRESS_WORD 7u
#define     EE_ADDRESS_WORDS 3u
#define EE_CLOCK_US 1                // half a period: 93C46 takes 250 ns at 5 V, 1 us at less

// Time
#define SILENCE_US 10000             // transfers under way end within that time
#define RESET_TIMEOUT_MS 100
#define RECEIVER_MS 10               // receiver and transmitter go on and off at the end of a frame
#define UNFINISHED_MS 20             // a frame takes 1.2 ms at 10 Mb/s
#define LINK_SEEN_MS 20              // one that is there shows at once; negotiation takes seconds

#endif
