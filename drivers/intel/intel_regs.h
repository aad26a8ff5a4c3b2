// Registers of Intel's gigabit controllers, named as in the data sheets.
// Spec: PCI/PCI-X Family of Gigabit Ethernet Controllers Software Developer's Manual (317453) chapter 13 for
// 8254x; PCIe GbE Controllers Software Developer's Manual (316080) chapter 13 for 82571 to 82573 and
// 80003ES2LAN; 82574 Data Sheet (317694) chapter 10. Bits that only an erratum names carry their number.
#ifndef URLBOOT_DRIVERS_INTEL_INTEL_REGS_H
#define URLBOOT_DRIVERS_INTEL_INTEL_REGS_H

#define INTEL_VENDOR 0x8086
#define INTEL_BAR_REGS 0
#define INTEL_REGS_SIZE 0x6000u    // the part of BAR 0 that holds what is used here

#define CTRL 0x0000
#define     CTRL_GIO_MASTER_DISABLE (1u << 2)   // PCI Express only
#define     CTRL_LRST (1u << 3)                 // fibre: link reset
#define     CTRL_SLU (1u << 6)                  // set link up: listen to the PHY
#define     CTRL_ILOS (1u << 7)                 // invert loss of signal
#define     CTRL_FRCSPD (1u << 11)
#define     CTRL_FRCDPX (1u << 12)
#define     CTRL_RST (1u << 26)                 // clears itself
#define     CTRL_BIT29 (1u << 29)
#define     CTRL_VME (1u << 30)                 // VLAN tags out of and into frames
#define     CTRL_PHY_RST (1u << 31)             // does not clear itself
#define STATUS 0x0008
#define     STATUS_FD (1u << 0)
#define     STATUS_LU (1u << 1)                 // link up
#define     STATUS_FUNC_MASK (3u << 2)          // which port of a chip with several
#define     STATUS_SPEED_MASK (3u << 6)
#define     STATUS_SPEED_10 (0u << 6)
#define     STATUS_SPEED_100 (1u << 6)          // both others: 1000
#define     STATUS_GIO_MASTER_ENABLE (1u << 19)
#define EECD 0x0010
#define     EECD_REQ (1u << 6)                  // software wants the EEPROM's pins
#define     EECD_GNT (1u << 7)
#define     EECD_AUTO_RD (1u << 9)              // the EEPROM has been read, PCI Express only
#define     EECD_FLASH (3u << 15)               // both: the EEPROM is in a flash, 82573, 82574 and 82583 only
#define EERD 0x0014                             // 82540 and newer
#define     EERD_START (1u << 0)
#define     EERD_DONE (1u << 1)                 // 82541, 82547 and PCI Express
#define     EERD_ADDR_SHIFT 2
#define     EERD_DONE_EARLY (1u << 4)           // 82540, 82545, 82546
#define     EERD_ADDR_SHIFT_EARLY 8
#define     EERD_DATA_SHIFT 16
#define CTRL_EXT 0x0018
#define     CTRL_EXT_EE_RST (1u << 13)          // read the EEPROM again, clears itself
#define     CTRL_EXT_DMA_DYN_CLK_EN (1u << 19)
#define     CTRL_EXT_BIT22 (1u << 22)
#define     CTRL_EXT_BIT23 (1u << 23)
#define     CTRL_EXT_DRV_LOAD (1u << 28)        // tells management firmware that a driver is there
#define ICR 0x00c0                              // reading clears
#define IMC 0x00d8
#define     IMC_ALL 0xffffffffu
#define RCTL 0x0100
#define     RCTL_EN (1u << 1)
#define     RCTL_BAM (1u << 15)                 // accept broadcast
#define     RCTL_BSIZE_2048 (0u << 16)
#define     RCTL_SECRC (1u << 26)               // strip the FCS
#define TCTL 0x0400
#define     TCTL_EN (1u << 1)
#define     TCTL_PSP (1u << 3)                  // pad short packets
#define     TCTL_CT (0x0fu << 4)                // attempts after collisions
#define     TCTL_COLD (0x40u << 12)             // collision distance
#define     TCTL_MULR (1u << 28)                // several requests to memory at once, PCI Express only
#define TIPG 0x0410
#define     TIPG_COPPER (8u | 8u << 10 | 6u << 20)
#define EXTCNF_CTRL 0x0f00
#define     EXTCNF_CTRL_MDIO_SW_OWNERSHIP (1u << 5)
#define PBA_ECC 0x1100
#define     PBA_ECC_CORR_EN (1u << 0)           // errors in the packet buffer are corrected
#define RDBAL 0x2800
#define RDBAH 0x2804
#define RDLEN 0x2808
#define RDH 0x2810
#define RDT 0x2818
#define RDTR 0x2820
#define RADV 0x282c
#define TDFPC 0x3430                            // frames in the chip's FIFO that have not left
#define TDBAL 0x3800
#define TDBAH 0x3804
#define TDLEN 0x3808
#define TDH 0x3810
#define TDT 0x3818
#define TIDV 0x3820
#define TXDCTL 0x3828                           // the same again for queue 1
#define TXDCTL1 0x3928
#define     TXDCTL_WTHRESH_MASK (63u << 16)
#define     TXDCTL_WTHRESH_1 (1u << 16)
#define     TXDCTL_COUNT_DESC (1u << 22)
#define     TXDCTL_GRAN (1u << 24)              // thresholds count descriptors
#define     TXDCTL_FULL_WRITEBACK (TXDCTL_GRAN | TXDCTL_WTHRESH_1)
#define TARC0 0x3840
#define TARC1 0x3940
#define     TARC_ROUND_ROBIN (1u << 0)          // 80003ES2LAN: both queues without weights
#define     TARC_BITS_23_TO_26 (15u << 23)
#define     TARC_BIT26 (1u << 26)
#define     TARC_BITS_27_TO_30 (15u << 27)
#define     TARC1_BITS_22_24_TO_26 (1u << 22 | 7u << 24)
#define     TARC1_BIT28 (1u << 28)              // the opposite of TCTL_MULR
#define     TARC1_BITS_29_30 (3u << 29)
#define RXCSUM 0x5000
#define     RXCSUM_IPOFL (1u << 8)
#define     RXCSUM_TUOFL (1u << 9)
#define RFCTL 0x5008
#define     RFCTL_IPV6_EX_DIS (1u << 16)
#define     RFCTL_NEW_IPV6_EXT_DIS (1u << 17)
#define MTA 0x5200
#define     MTA_ENTRIES 128u
#define RAL0 0x5400
#define RAH0 0x5404
#define     RAH_AV (1u << 31)                   // address valid
#define WUC 0x5800
#define MANC 0x5820
#define     MANC_BLK_PHY_RST_ON_IDE (1u << 18)  // firmware uses the PHY: it must not be reset
#define GCR 0x5b00
#define     GCR_BIT22 (1u << 22)
#define SWSM 0x5b50
#define     SWSM_SMBI (1u << 0)                 // between drivers; reading sets it
#define     SWSM_SWESMBI (1u << 1)              // against firmware: stays unless that has its own set
#define     SWSM_DRV_LOAD (1u << 3)             // 82573's DRV_LOAD
#define SW_FW_SYNC 0x5b5c                       // who has what; to be changed under SWSM_SWESMBI only
#define     SW_FW_SYNC_PHY0 (1u << 1)
#define     SW_FW_SYNC_PHY1 (1u << 2)
#define     SW_FW_SYNC_FIRMWARE_SHIFT 16        // the same for firmware
#define GCR2 0x5b64
#define     GCR2_BIT0 (1u << 0)
#define FFLT1 0x5f04                            // second one of an array
#define     FFLT1_BIT20 (1u << 20)

// EEPROM words
#define NVM_MAC_ADDRESS 0
#define     NVM_MAC_ADDRESS_WORDS 3

// Time
#define GIO_MASTER_DISABLE_TIMEOUT_MS 80
#define SILENCE_US 10000                        // transfers under way end within that time
#define PHY_FIRST_US 5000
#define RESET_DELAY_US 1000                     // 82574 10.2.2.1: no access for 1 ms
#define RESET_TIMEOUT_MS 100
#define AUTO_RD_TIMEOUT_MS 10
#define EEPROM_RELOAD_US 5000                   // 8254x; they do not say when they are done
#define EEPROM_RELOAD_SLOW_US 20000             // 82541, 82547
#define EERD_TIMEOUT_MS 10
#define MDIO_OWNERSHIP_TIMEOUT_MS 40
#define SWSM_TIMEOUT_MS 40
#define SW_FW_SYNC_TIMEOUT_MS 250
#define SW_FW_SYNC_RETRY_US 1000
#define LINK_SEEN_MS 20                         // one that is there shows at once; negotiation takes seconds
#define PHY_RESET_US 10000                      // 82541 and 82547; the others need less
#define PHY_CONFIG_US 25000                     // 82573, 82574, 82583: after AUTO_RD, before EEPROM and PHY

#define RING_ENTRIES_MAX_EARLY 256u             // 82543
#define RING_ALIGN 128u                         // of address and length
#define BOUNDARY 0x10000u                       // 82545, 82546: no ring or buffer crosses 64 KiB

#endif
