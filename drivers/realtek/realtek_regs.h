// Registers of Realtek's RTL8169 (PCI), 8168 and 8136 (PCI Express), 8125 and 8126 (2.5 and 5 Gb/s). Offsets
// into the first memory BAR, with the width in bits behind the name where it is not 32.
// Spec: RTL8169 Registers data sheet 1.5, RTL8111B/RTL8168B Registers data sheet 1.0; what came later has no
// public data sheet and is known from the drivers of Linux (r8169), FreeBSD (re), OpenBSD (re, rge) and
// 9front.
#ifndef URLBOOT_DRIVERS_REALTEK_REALTEK_REGS_H
#define URLBOOT_DRIVERS_REALTEK_REALTEK_REGS_H

#define REALTEK_VENDOR 0x10ec
#define RTL_REGS_SIZE 0x100u         // up to the 8168
#define RTL_REGS_SIZE_8125 0x4804u   // as much of the 8125's 64 KiB as is used

#define IDR0 0x00        // station address: bytes 0 to 3
#define IDR4 0x04        //   and 4, 5; written before the others
#define MAR0 0x08        // multicast filter
#define MAR4 0x0c
#define TNPDS 0x20       // transmit descriptors, 256-byte aligned
#define TNPDS_HIGH 0x24
#define INT_CFG0 0x34    // 8: 8125 on
#define CR 0x37          // 8
#define     CR_STOP_REQ 0x80u
#define     CR_RST 0x10u
#define     CR_RE 0x08u
#define     CR_TE 0x04u
#define TPPOLL 0x38      // 8
#define     TPPOLL_NPQ 0x40u
#define IMR_8125 0x38
#define IMR 0x3c         // 16
#define ISR_8125 0x3c
#define ISR 0x3e         // 16
#define     ISR_RDU 0x0010u            // no descriptor for what came
#define     ISR_FOVW 0x0040u           // no room in the FIFO for it
#define     ISR_SERR 0x8000u           // an error on the bus
#define TCR 0x40
#define     TCR_IFG_NORMAL (3u << 24)
#define     TCR_MXDMA_UNLIMITED (7u << 8)
#define     TCR_AUTO_FIFO (1u << 7)    // 8168E-VL on
#define     TCR_EMPTY (1u << 11)       // 8168E-VL on: nothing left to send
#define     TCR_XID_SHIFT 20           // the chip's version
#define     TCR_XID_MASK 0xfcfu
#define RCR 0x44
#define     RCR_AAP 0x01u              // accept: all
#define     RCR_APM 0x02u              //   own address
#define     RCR_AM 0x04u               //   multicast
#define     RCR_AB 0x08u               //   broadcast
#define     RCR_AR 0x10u               //   runts
#define     RCR_AER 0x20u              //   errors
#define     RCR_ACCEPT_MASK 0x3fu
#define     RCR_MXDMA_UNLIMITED (7u << 8)
#define     RCR_EARLY_OFF (1u << 11)       // 8168G on
#define     RCR_PAUSE_SLOT_ON (1u << 11)   // 8125B on
#define     RCR_FIFO_NONE (7u << 13)       // up to the 8168B: no threshold
#define     RCR_MULTI_EN (1u << 14)        // 8168C on, not all
#define     RCR_128_INT_EN (1u << 15)      // 8168C on
#define     RCR_FETCH_8125 (8u << 27)
#define CR9346 0x50      // 8
#define     CR9346_LOCK 0x00u
#define     CR9346_UNLOCK 0xc0u        // the CONFIG registers and IDR may be written
#define CONFIG1 0x52     // 8
#define     CONFIG1_SPEED_DOWN 0x10u
#define CONFIG2 0x53     // 8
#define     CONFIG2_CLKREQ_EN 0x80u
#define     CONFIG2_PCI_66MHZ 0x01u    // 8169
#define CONFIG3 0x54     // 8
#define     CONFIG3_BEACON_EN 0x01u
#define     CONFIG3_JUMBO_EN0 0x04u
#define     CONFIG3_RDY_TO_L23 0x02u
#define CONFIG4 0x55     // 8
#define     CONFIG4_JUMBO_B 0x01u      // 8168B, 8168E
#define     CONFIG4_JUMBO_EN1 0x02u    // 8168C, 8168D
#define CONFIG5 0x56     // 8
#define     CONFIG5_ASPM_EN 0x01u
#define     CONFIG5_SPI_EN 0x08u
#define PHYAR 0x60       // the PHY, up to the 8168F
#define     PHYAR_FLAG 0x80000000u     // write: set by us, cleared by the chip; read: the other way round
#define     PHYAR_REG_SHIFT 16
#define PHYSTATUS 0x6c   // 8; 8125 on: 16
#define     PHYSTATUS_FULL_DUPLEX 0x0001u
#define     PHYSTATUS_LINK 0x0002u
#define     PHYSTATUS_10 0x0004u
#define     PHYSTATUS_100 0x0008u
#define     PHYSTATUS_1000 0x0010u
#define     PHYSTATUS_2500 0x0400u
#define     PHYSTATUS_5000 0x1000u
#define PMCH 0x6f        // 8
#define     PMCH_PLL_ON 0xc0u          // in D3, too
#define ERIDR 0x70
#define ERIAR 0x74       // extended registers, 8168E-VL on
#define     ERIAR_FLAG 0x80000000u
#define     ERIAR_ALL_BYTES 0xf000u
#define     ERIAR_ADDRESS_MASK 0x0fffu
#define     ERIAR_BYTE_0 0x1000u
#define     ERIAR_OOB (2u << 16)       // management firmware's registers
#define     ERIAR_OOB_BASE_8117 (0xf70u << 18)
#define INT_CFG1 0x7a    // 16: 8125 on
#define PCI_CLOCK 0x7c   // 8169SC
#define     PCI_CLOCK_66MHZ 0x000000ffu
#define C82 0x82         // 8: 8169, named by its offset
#define     C82_VALUE 0x01u
#define TPPOLL_8125 0x90 // 16
#define     TPPOLL_8125_Q0 0x0001u
#define OCPDR 0xb0       // the MAC's inner registers, 8168G on; 8168DP: data of OCPAR
#define     OCP_FLAG 0x80000000u
#define     OCP_REG_SHIFT 15           // registers have even addresses
#define OCPAR 0xb4       // 8168DP: management firmware's registers
#define     OCPAR_ALL_BYTES 0xf000u
#define     OCPAR_BYTE_0 0x1000u
#define GPHY_OCP 0xb8    // the PHY's registers, 8168G on
#define DLLPR 0xd0       // 8
#define     DLLPR_PFM_EN 0x40u
#define     DLLPR_TX_10M_PS_EN 0x80u
#define MDIO_DP 0xd0     // 8168DP
#define     MDIO_DP_CLOSED (1u << 17)  // to PHYAR
#define DBG 0xd1         // 8
#define     DBG_FIX_8168C 0x1eu
#define     DBG_FIX_8168CP 0x20u
#define     DBG_FIX_8102E 0x10u
#define MCU 0xd3         // 8
#define     MCU_NOW_IS_OOB 0x80u       // management firmware has the FIFOs
#define     MCU_TX_EMPTY 0x20u
#define     MCU_RX_EMPTY 0x10u
#define     MCU_EN_NDP 0x08u
#define     MCU_EN_OOB_RESET 0x04u
#define     MCU_LINK_LIST_RDY 0x02u
#define CFG_D8 0xd8      // 8: 8126, named by its offset
#define     CFG_D8_BIT1 0x02u
#define RMS 0xda         // 16: frames of more bytes are dropped
#define CPCR 0xe0        // 16: C+ command
#define     CPCR_RX_ENB 0x0002u
#define     CPCR_TX_ENB 0x0001u
#define     CPCR_MUL_RW 0x0008u
#define     CPCR_RX_CSUM 0x0020u
#define     CPCR_NORMAL_MODE 0x2000u
#define     CPCR_ANALOG_PLL 0x4000u    // first 8169
#define INT_MITIGATE 0xe2  // 16
#define     FIFO_STATE_8125 0x0103u    // the same register, 8125B on: everything is at rest
#define RDSAR 0xe4       // receive descriptors, 256-byte aligned
#define RDSAR_HIGH 0xe8
#define MTPS 0xec        // 8: largest frame to send in units of 128 bytes; 8169: early transmit threshold
#define     MTPS_LARGEST 0x3fu
#define     MTPS_EVL 0x27u
#define MISC 0xf0
#define     MISC_TXPLA_RST (1u << 29)
#define     MISC_DISABLE_LAN_EN (1u << 23)
#define     MISC_PWM_EN (1u << 22)
#define     MISC_RXDV_GATED_EN (1u << 19)  // 8168G on: nothing gets from the PHY to the MAC
#define     MISC_EARLY_TALLY_EN (1u << 16)
#define     MISC_EXIT_ASPM 0x2800u         // when there is something to receive or send
#define MISC_1 0xf2      // 8
#define     MISC_1_PFM_D3COLD_EN 0x40u
#define IBCR0 0xf8       // 8: 8168EP, 8117: the management processor's own MAC
#define     IBCR0_EN 0x01u
#define IBCR2 0xf9       // 8
#define     IBCR2_EN 0x01u
#define IBISR0 0xfb      // 8
#define     IBISR0_TX_DONE 0x20u
#define CFG_382 0x382    // 16: 8125 on, named by its offset
#define     CFG_382_VALUE 0x221bu
#define INT_MITIGATION_8125 0xa00      // 0x100 bytes: delays of interrupts
#define     INT_MITIGATION_8125_SIZE 0x100u
#define CFG_1880 0x1880  // 16: 8125 on, named by its offset
#define MAC0_BKP 0x19e0  // 8125 on: the address as the EEPROM has it
#define RSS_CTRL 0x4500
#define Q_NUM_CTRL 0x4800  // 16

// Extended registers (ERI).
#define ERI_MAC0 0xe0u       // the address, 8168F on
#define ERI_MAC4 0xe4u
#define ERI_MAC_COPY0 0xf0u  // 8168E-VL: again, from byte 0, in the upper half
#define ERI_MAC_COPY2 0xf4u
#define ERI_DASH_COMMAND 0xe8u   // 8168DP

// The MAC's inner registers.
#define OCP_LINK_LIST 0xe8deu
#define     OCP_LINK_LIST_STOP (1u << 14)
#define     OCP_LINK_LIST_START (1u << 15)
#define OCP_OOB_TIMER 0xc0aau          // 8125: what follows the link list
#define     OCP_OOB_TIMER_VALUE 0x07d0u
#define OCP_OOB_SIZE 0xc0a6u
#define     OCP_OOB_SIZE_VALUE 0x0150u
#define OCP_OOB_ADDRESS 0xc01eu
#define     OCP_OOB_ADDRESS_VALUE 0x5555u
#define OCP_BUSY_8125 0xe00eu
#define     OCP_BUSY_8125_BIT (1u << 13)

// PHY: registers of IEEE 802.3 clause 22 by their number, beyond by their address in the chip (8168G on).
#define PHY_BMCR 0
#define     BMCR_RESET 0x8000u
#define     BMCR_AN_ENABLE 0x1000u
#define     BMCR_POWER_DOWN 0x0800u
#define     BMCR_ISOLATE 0x0400u
#define     BMCR_AN_RESTART 0x0200u
#define PHY_ANAR 4
#define     ANAR_10_100 0x01e1u        // 10 and 100 Mb/s, half and full duplex
#define PHY_GBCR 9
#define     GBCR_1000_FULL 0x0200u
#define PHY_WAKE 0x0e                  // page 0, up to the 8168F
#define PHY_PAGE 0x1f
#define PHY_OCP_BASE 0xa400u           // where clause 22 begins
#define PHY_OCP_STATE 0xa420u
#define     PHY_OCP_STATE_MASK 0x0007u
#define     PHY_OCP_STATE_ON 0x0003u
#define PHY_OCP_POWER 0xa430u
#define     PHY_OCP_POWER_ALDPS 0x0004u    // sleeps without a cable
#define PHY_OCP_EEE 0xa432u
#define     PHY_OCP_EEE_EN 0x0010u
#define PHY_OCP_EEE_ADV 0xa5d0u
#define     PHY_OCP_EEE_ADV_MASK 0x0006u
#define PHY_OCP_MGBCR 0xa5d4u          // 8125 on: what is offered beyond 1000
#define     MGBCR_2500 0x0080u
#define     MGBCR_5000 0x0100u

// Descriptors: opts1.
#define RTL_OWN (1u << 31)             // the chip's
#define RTL_EOR (1u << 30)             // last of the ring
#define RTL_FS (1u << 29)              // first of a frame
#define RTL_LS (1u << 28)              // last of a frame
#define RTL_RX_RES (1u << 21)          // error: watchdog, runt, CRC
#define RTL_RX_PID_TCP (1u << 17)
#define RTL_RX_PID_UDP (1u << 18)
#define RTL_RX_PID_MASK (3u << 17)
#define RTL_RX_CSUM_FAILED (7u << 14)  // IPv4, UDP, TCP
#define RTL_RX_LENGTH_MASK 0x3fffu     // FCS included
#define RTL_RING_ALIGN 256u
#define RTL_RING_MAX 1024u

// What waits are allowed to take.
#define RESET_TIMEOUT_MS 100u
#define RESET_POLL_US 20u
#define STOP_US 100u                   // after CR_STOP_REQ, where nothing tells its end
#define GATE_US 2000u                  // after MISC_RXDV_GATED_EN
#define FIFO_TIMEOUT_MS 5u
#define SEND_TIMEOUT_MS 70u            // for what is being sent
#define OOB_US 1000u
#define CMAC_TIMEOUT_MS 100u
#define ERI_TIMEOUT_MS 10u
#define OCP_TIMEOUT_MS 1u
#define PHY_TIMEOUT_MS 1u
#define PHYAR_PAUSE_US 20u             // between two accesses
#define PHY_RESET_TIMEOUT_MS 100u      // not an error: some boards never finish
#define PHY_STATE_TIMEOUT_MS 500u
#define BUSY_8125_TIMEOUT_MS 10u

#endif
