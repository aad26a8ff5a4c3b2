// The list of drivers. No other file names one.
#include "drivers/nic_table.h"  // nic_table

#include <stddef.h>

#include "drivers/intel/driver.h"    // intel_driver
#include "drivers/nic.h"             // nic_driver
#include "drivers/realtek/driver.h"  // realtek_driver
#include "drivers/realtek/rtl8139.h" // rtl8139_driver
#include "drivers/virtio/driver.h"   // virtio_net_driver

const struct nic_driver *const nic_table[] = {
    &virtio_net_driver,  // every KVM cloud and QEMU
    &intel_driver,       // VirtualBox, VMware, QEMU; PCs and servers to 2010
    &realtek_driver,     // most boards with a port of their own
    &rtl8139_driver,     // PCs to 2008, older virtual machines
    NULL,
};
