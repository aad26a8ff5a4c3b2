// Offsets and bits of PCI configuration space, in the words of the specification.
// Spec: PCI Local Bus 3.0 chapter 6 and appendix H, PCI-to-PCI Bridge 1.2 section 3.2, PCI Bus Power
// Management 1.2 section 3.2, PCI Express Base 5.0 section 7.5.3.
#ifndef URLBOOT_DRIVERS_PCI_PCI_REGS_H
#define URLBOOT_DRIVERS_PCI_PCI_REGS_H

#define PCI_VENDOR_ID 0x00
#define     PCI_VENDOR_NONE 0xffffu   // nothing answered
#define PCI_DEVICE_ID 0x02
#define PCI_COMMAND 0x04
#define     PCI_COMMAND_IO 0x0001u
#define     PCI_COMMAND_MEMORY 0x0002u
#define     PCI_COMMAND_MASTER 0x0004u
#define     PCI_COMMAND_INTX_DISABLE 0x0400u
#define PCI_STATUS 0x06
#define     PCI_STATUS_CAP_LIST 0x0010u
#define PCI_REVISION_ID 0x08          // with the class code in the upper three bytes
#define PCI_CACHE_LINE_SIZE 0x0c      // dword: cache line size, latency timer, header type, BIST
#define PCI_HEADER_TYPE 0x0e
#define     PCI_HEADER_TYPE_MASK 0x7fu
#define     PCI_HEADER_TYPE_NORMAL 0x00u
#define     PCI_HEADER_TYPE_BRIDGE 0x01u
#define     PCI_HEADER_MULTI_FUNCTION 0x80u
#define PCI_BAR0 0x10                 // six dwords
#define     PCI_BAR_IO 0x1u
#define     PCI_BAR_IO_MASK 0xfffffffcu
#define     PCI_BAR_MEM_TYPE_MASK 0x6u
#define     PCI_BAR_MEM_TYPE_64 0x4u
#define     PCI_BAR_MEM_PREFETCH 0x8u
#define     PCI_BAR_MEM_MASK 0xfffffff0u
#define PCI_SECONDARY_BUS 0x19        // type 1 headers only
#define PCI_SUBORDINATE_BUS 0x1a
#define PCI_SUBSYSTEM_ID 0x2e         // type 0 headers only
#define PCI_ROM_BASE 0x30
#define PCI_CAPABILITIES 0x34
#define     PCI_CAP_FIRST 0x40u       // capabilities start behind the header
#define     PCI_CAP_POINTER_MASK 0xfcu
#define PCI_INTERRUPT_LINE 0x3c       // dword: interrupt line and pin, and old timing hints
#define PCI_CONFIG_SIZE 256u
#define PCI_CONFIG_SIZE_EXPRESS 4096u

// Capabilities; offsets are from the capability.
#define PCI_CAP_ID_PM 0x01
#define     PCI_PM_CSR 0x04
#define         PCI_PM_CSR_STATE_MASK 0x0003u
#define         PCI_PM_CSR_STATE_D0 0u
#define         PCI_PM_CSR_STATE_D2 2u
#define         PCI_PM_CSR_NO_SOFT_RESET 0x0008u
#define         PCI_PM_CSR_PME_STATUS 0x8000u   // cleared by writing 1
#define     PCI_PM_D3HOT_DELAY_US 10000u        // D3hot to D0, PCI PM 1.2 table 5-6
#define     PCI_PM_D2_DELAY_US 200u
#define PCI_CAP_ID_MSI 0x05
#define     PCI_MSI_CONTROL 0x02
#define         PCI_MSI_CONTROL_ENABLE 0x0001u
#define PCI_CAP_ID_VENDOR 0x09
#define PCI_CAP_ID_EXPRESS 0x10
#define     PCI_EXP_FLAGS 0x02
#define         PCI_EXP_FLAGS_TYPE_MASK 0x00f0u
#define         PCI_EXP_FLAGS_TYPE_ROOT_PORT 0x0040u
#define         PCI_EXP_FLAGS_TYPE_DOWNSTREAM 0x0060u
#define     PCI_EXP_LNKCTL 0x10
#define         PCI_EXP_LNKCTL_ASPM_MASK 0x0003u
#define         PCI_EXP_LNKCTL_CLKREQ_EN 0x0100u
#define PCI_CAP_ID_MSIX 0x11
#define     PCI_MSIX_CONTROL 0x02
#define         PCI_MSIX_CONTROL_ENABLE 0x8000u

#define PCI_CLASS_NETWORK 0x02u       // class_code >> 16
#define PCI_CLASS_BRIDGE_PCI 0x0604u  // class_code >> 8

#endif
