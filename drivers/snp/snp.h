// NICs that the firmware's drivers move frames for: for controllers that no driver of ours knows.
#ifndef URLBOOT_DRIVERS_SNP_SNP_H
#define URLBOOT_DRIVERS_SNP_SNP_H

// Adds every Ethernet controller with a driver of the firmware to the list of NICs (drivers/nic.h). Only
// while boot services live, after efi_network_connect(). Returns how many there are.
// Example: if (snp_probe_all() == 0) return fail(ERR_NO_NIC_FOUND, "...");
unsigned snp_probe_all(void);

#endif
