// Registers and descriptors of the modelled Realtek chips: RTL8169, 8168/8111, 8101 families and RTL8125. Read for the
// models alone, from the data sheets RTL8169SC 1.5 and RTL8111B 1.4 and, for what they do not print, from what the
// Linux, BSD and iPXE drivers write; the drivers of this project have a header of their own.
#ifndef URLBOOT_TESTS_MODELS_RTL_REGS_H
#define URLBOOT_TESTS_MODELS_RTL_REGS_H

#define IDR0 0x00               // 6 bytes of MAC address
#define MAR0 0x08               // 8 bytes of multicast hash
#define DTCCR 0x10              // tally counters: address, commands in the low bits
#define   DTCCR_RESET 0x1u
#define   DTCCR_DUMP 0x8u
#define TNPDS 0x20              // transmit ring
#define THPDS 0x28
#define LED_FREQ 0x1a
#define CR 0x37
#define   CR_STOP 0x80
#define   CR_RST 0x10
#define   CR_RE 0x08
#define   CR_TE 0x04
#define TPPOLL 0x38
#define   TPPOLL_HPQ 0x80
#define   TPPOLL_NPQ 0x40
#define IMR 0x3c
#define ISR 0x3e
#define   INT_ROK 0x01
#define   INT_RER 0x02
#define   INT_TOK 0x04
#define   INT_LINK 0x20
#define   INT_RDU 0x10
#define   INT_TDU 0x80
#define TCR 0x40
#define   TCR_EMPTY (1u << 11)
#define   TCR_XID 0xfcf00000u
#define RCR 0x44
#define   RCR_AAP 0x01
#define   RCR_APM 0x02
#define   RCR_AM 0x04
#define   RCR_AB 0x08
#define   RCR_ACCEPT 0x3fu
#define   RCR_VLAN_8125 (3u << 22)      // take tags out: the inner, the outer
#define   RCR_BIT24 (1u << 24)
#define CR9346 0x50
#define   CR9346_UNLOCK 0xc0
#define CONFIG0 0x51
#define CONFIG1 0x52
#define CONFIG2 0x53
#define CONFIG3 0x54
#define CONFIG4 0x55
#define CONFIG5 0x56
#define PHYAR 0x60
#define CSIDR 0x64
#define CSIAR 0x68
#define PHYSTATUS 0x6c
#define   PHYSTATUS_FULL 0x01
#define   PHYSTATUS_LINK 0x02
#define   PHYSTATUS_10 0x04
#define   PHYSTATUS_100 0x08
#define   PHYSTATUS_1000 0x10
#define   PHYSTATUS_FLOW 0x60
#define   PHYSTATUS_2500 0x400
#define PMCH 0x6f
#define ERIDR 0x70
#define ERIAR 0x74
#define EPHYAR 0x80
#define TPPOLL_8125 0x90
#define   TPPOLL_8125_POLL 1
#define OCPDR 0xb0
#define OCPAR 0xb4
#define GPHY_OCP 0xb8
#define DLLPR 0xd0
#define MCU 0xd3
#define   MCU_OOB 0x80
#define   MCU_EMPTY 0x30
#define   MCU_READY 0x02
#define RMS 0xda
#define CPCR 0xe0
#define   CPCR_DAC 0x10
#define   CPCR_RXCHKSUM 0x20
#define   CPCR_VLAN 0x40                // take tags out; the 8125 has it in RCR
#define INT_MITI 0xe2
#define   EMPTY_8125B 0x0103
#define RDSAR 0xe4
#define MTPS 0xec
#define MISC 0xf0
#define   MISC_GATE (1u << 19)
#define IMR_8125 0x38
#define ISR_8125 0x3c
#define MAC_BACKUP 0x19e0

#define WINDOW_FLAG 0x80000000u // of PHYAR, CSIAR, ERIAR, EPHYAR, OCPDR, GPHY_OCP

// Words behind the windows.
#define ERI_MAC 0xe0
#define OCP_OOB 0xe8de
#define   OCP_OOB_BIT14 0x4000
#define   OCP_OOB_BIT15 0x8000
#define PHY_OCP_BASE 0xa400     // the standard registers, two bytes each
#define PHY_STATE 0xa420
#define   PHY_STATE_ON 3
#define   PHY_STATE_SLEEPS 5
#define PHY_POWER_DOWN 0x1800   // in standard register 0, negotiation stays on
#define PHY_SPEED 0xa434
#define PHY_ADV2500 0xa5d4
#define   PHY_ADV2500_ON 0x80
#define PHY_LP2500 0xa5d6
#define   PHY_LP2500_ON 0x20
#define PHY_ABLE2500 0xa616
#define   PHY_ABLE2500_ON 0x2000

// Descriptors: 16 bytes, opts1, opts2, address.
#define OWN (1u << 31)          // the card's
#define EOR (1u << 30)          // the ring's last
#define FS (1u << 29)
#define LS (1u << 28)
#define TX_LENGTH 0xffffu
#define TX_LSO_V1 (1u << 27)    // opts1
#define TX_IP_V1 (1u << 18)
#define TX_UDP_V1 (1u << 17)
#define TX_TCP_V1 (1u << 16)
#define TX_LSO_V2 (3u << 25)    // opts1: IPv4, IPv6
#define TX_UDP_V2 (1u << 31)    // opts2
#define TX_TCP_V2 (1u << 30)
#define TX_IP4_V2 (1u << 29)
#define TX_IP6_V2 (1u << 28)
#define TX_TAG (1u << 17)       // opts2: insert the VLAN tag of the low 16 bits
#define RX_LENGTH 0x3fffu
#define RX_MULTICAST (1u << 27)
#define RX_PHYSICAL (1u << 26)
#define RX_BROADCAST (1u << 25)
#define RX_RWT (1u << 22)
#define RX_RES (1u << 21)
#define RX_RUNT (1u << 20)
#define RX_CRC (1u << 19)
#define RX_UDP (1u << 18)
#define RX_TCP (1u << 17)
#define RX_IP_BAD (1u << 16)
#define RX_UDP_BAD (1u << 15)
#define RX_TCP_BAD (1u << 14)
#define RX_TAG (1u << 16)       // opts2: a VLAN tag was taken out

#define RING_ALIGN 256u
#define RING_MOST 1024u
#define DESCRIPTOR 16u
#define FCS 4u
#define FRAME_LEAST 60u
#define FRAME_MOST 1518u        // with a VLAN tag, without checksum; jumbo frames are not modelled

#endif
