// EFI_SIMPLE_NETWORK_PROTOCOL. Spec: UEFI 2.10 section 24.1.
// Tested: OVMF 2022.11 with its virtio-net driver and with iPXE's drivers in the ROMs of QEMU's cards.
// Not handled: media other than Ethernet.
#include "kernel/firmware/efi_snp.h"    // efi_snp_open
#include "kernel/firmware/efi_state.h"  // efi_st
#include "lib/err.h"                    // fail
#include "lib/log.h"                    // log_debug

#include <Protocol/SimpleNetwork.h>

#include <string.h>

#define ETHERNET 1             // RFC 1700 hardware type
#define MTU 1500u
#define FILTERS (EFI_SIMPLE_NETWORK_RECEIVE_UNICAST | EFI_SIMPLE_NETWORK_RECEIVE_BROADCAST)

static EFI_GUID simple_network = EFI_SIMPLE_NETWORK_PROTOCOL_GUID;

static struct {
    EFI_HANDLE handle;
    EFI_SIMPLE_NETWORK_PROTOCOL *snp;
    bool open, exclusive;
} snps[EFI_SNPS_MAX];
static unsigned snp_count;

// edk2 lays a second SNP, with the same address, over the one of a driver that MNP manages.
static bool is_known(const EFI_SIMPLE_NETWORK_PROTOCOL *snp)
{
    for (unsigned i = 0; i < snp_count; i++)
        if (memcmp(&snps[i].snp->Mode->CurrentAddress, &snp->Mode->CurrentAddress, 6) == 0)
            return true;
    return false;
}

unsigned efi_snp_find(void)
{
    EFI_BOOT_SERVICES *bs = efi_st->BootServices;
    EFI_HANDLE *handles;
    UINTN count = efi_handles(&simple_network, &handles);

    snp_count = 0;
    for (UINTN i = 0; i < count && snp_count < EFI_SNPS_MAX; i++) {
        EFI_SIMPLE_NETWORK_PROTOCOL *snp;
        if (EFI_ERROR(bs->HandleProtocol(handles[i], &simple_network, (VOID **)&snp)) || snp->Mode == NULL ||
            snp->Mode->IfType != ETHERNET || snp->Mode->HwAddressSize != 6 || is_known(snp))
            continue;
        snps[snp_count].handle = handles[i];
        snps[snp_count].snp = snp;
        snps[snp_count++].open = false;
    }
    efi_free(handles);
    return snp_count;
}

void efi_snp_info(unsigned index, struct efi_snp_info *info)
{
    EFI_SIMPLE_NETWORK_PROTOCOL *snp = snps[index].snp;
    const EFI_SIMPLE_NETWORK_MODE *mode = snp->Mode;
    UINT32 interrupts;

    // The mode is brought up to date by GetStatus, which is allowed only then.
    if (snps[index].open)
        snp->GetStatus(snp, &interrupts, NULL);
    memcpy(info->mac, &mode->CurrentAddress, sizeof(info->mac));
    info->mtu = mode->MaxPacketSize > 0 && mode->MaxPacketSize < MTU ? mode->MaxPacketSize : MTU;
    info->media_known = mode->MediaPresentSupported;
    info->media = mode->MediaPresent;
}

// From whatever state its last user left it in.
static EFI_STATUS start(EFI_SIMPLE_NETWORK_PROTOCOL *snp)
{
    EFI_STATUS status = EFI_SUCCESS;

    if (snp->Mode->State == EfiSimpleNetworkInitialized)
        snp->Shutdown(snp);
    if (snp->Mode->State == EfiSimpleNetworkStopped)
        status = snp->Start(snp);
    if (!EFI_ERROR(status) || status == EFI_ALREADY_STARTED)
        status = snp->Initialize(snp, 0, 0);
    if (!EFI_ERROR(status))
        status = snp->ReceiveFilters(snp, FILTERS & snp->Mode->ReceiveFilterMask, 0, FALSE, 0, NULL);
    return status;
}

int efi_snp_open(unsigned index)
{
    EFI_BOOT_SERVICES *bs = efi_st->BootServices;
    EFI_SIMPLE_NETWORK_PROTOCOL *snp = snps[index].snp;
    EFI_STATUS status = EFI_INVALID_PARAMETER;

    // Exclusively: that takes it from the firmware's own stack, which would eat our frames.
    if (efi_loader != NULL)
        status = bs->OpenProtocol(snps[index].handle, &simple_network, (VOID **)&snp, efi_loader, NULL,
                                  EFI_OPEN_PROTOCOL_EXCLUSIVE);
    snps[index].exclusive = !EFI_ERROR(status);
    if (EFI_ERROR(status))
        log_debug("UEFI: the network driver is not ours alone (%s)", efi_status_name(status));
    status = start(snp);
    if (!EFI_ERROR(status)) {
        snps[index].open = true;
        return 0;
    }
    efi_snp_close(index);
    return fail(ERR_NIC_INIT_FAILED, "the firmware's driver does not start (%s)", efi_status_name(status));
}

void efi_snp_close(unsigned index)
{
    EFI_SIMPLE_NETWORK_PROTOCOL *snp = snps[index].snp;

    if (efi_st == NULL || (!snps[index].open && !snps[index].exclusive))
        return;
    snp->Shutdown(snp);
    snp->Stop(snp);
    if (snps[index].exclusive)
        efi_st->BootServices->CloseProtocol(snps[index].handle, &simple_network, efi_loader, NULL);
    snps[index].open = snps[index].exclusive = false;
}

int efi_snp_send(unsigned index, void *frame, size_t length)
{
    EFI_SIMPLE_NETWORK_PROTOCOL *snp = snps[index].snp;
    EFI_STATUS status = snp->Transmit(snp, 0, length, frame, NULL, NULL, NULL);

    if (!EFI_ERROR(status))
        return 0;
    return fail(ERR_NIC_INIT_FAILED, "the firmware's driver does not send (%s)", efi_status_name(status));
}

void *efi_snp_sent(unsigned index)
{
    EFI_SIMPLE_NETWORK_PROTOCOL *snp = snps[index].snp;
    VOID *frame = NULL;
    UINT32 interrupts;

    return EFI_ERROR(snp->GetStatus(snp, &interrupts, &frame)) ? NULL : frame;
}

long efi_snp_receive(unsigned index, void *buffer, size_t size)
{
    EFI_SIMPLE_NETWORK_PROTOCOL *snp = snps[index].snp;
    UINTN length = size;
    EFI_STATUS status = snp->Receive(snp, NULL, &length, buffer, NULL, NULL, NULL);

    if (status == EFI_NOT_READY)
        return 0;
    if (!EFI_ERROR(status) && length <= size)
        return (long)length;
    return fail(ERR_NIC_INIT_FAILED, "the firmware's driver does not receive (%s)", efi_status_name(status));
}
