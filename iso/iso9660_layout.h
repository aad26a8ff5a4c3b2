// ISO 9660 on the disc: field offsets of ECMA-119 (5th edition), SUSP 1.12 and RRIP 1.12. Numbers that are
// stored both ways (7.3.3) are read from their little-endian half, as Linux and GRUB do.
#ifndef URLBOOT_ISO_ISO9660_LAYOUT_H
#define URLBOOT_ISO_ISO9660_LAYOUT_H

#define ISO_SECTOR 2048              // 6.1.2 logical sector
#define ISO_FIRST_DESCRIPTOR 16      // 6.2.1 the system area is 16 sectors long
#define ISO_DESCRIPTORS_MAX 64       // no writer makes more than five

// 8.1 volume descriptor
#define VD_TYPE 0
#define   VD_TYPE_PRIMARY 1
#define   VD_TYPE_SUPPLEMENTARY 2
#define   VD_TYPE_TERMINATOR 255
#define VD_MAGIC 1                   // "CD001"
// 8.4 primary, 8.5 supplementary
#define VD_VOLUME_ID 40
#define   VD_VOLUME_ID_LENGTH 32
#define VD_VOLUME_BLOCKS 80          // both-endian 32
#define VD_ESCAPES 88                // supplementary only: "%/@", "%/C", "%/E" is Joliet
#define VD_BLOCK_SIZE 128            // both-endian 16
#define VD_PATH_TABLE_SIZE 132       // both-endian 32
#define VD_PATH_TABLE_L 140          // little-endian 32
#define VD_ROOT_RECORD 156           // a directory record of 34 bytes
#define VD_CREATED 813               // 8.4.26.1: YYYYMMDDHHMMSSCC as digits, then a time zone
#define VD_MODIFIED 830
#define   VD_DATE_DIGITS 16

// 9.1 directory record
#define DR_LENGTH 0
#define DR_EXTENDED_LENGTH 1         // blocks of extended attributes in front of the data
#define DR_EXTENT 2                  // both-endian 32
#define DR_DATA_LENGTH 10            // both-endian 32
#define DR_FLAGS 25
#define   DR_FLAG_DIRECTORY 0x02
#define   DR_FLAG_ASSOCIATED 0x04
#define   DR_FLAG_MULTI_EXTENT 0x80  // more records of this file follow
#define DR_UNIT_SIZE 26              // interleaved files have one
#define DR_NAME_LENGTH 32
#define DR_NAME 33
#define   DR_NAME_SELF 0             // "." is one byte 0
#define   DR_NAME_PARENT 1           // ".." is one byte 1

// 9.4 path table record
#define PT_NAME_LENGTH 0
#define PT_EXTENT 2                  // little-endian 32 in the L table
#define PT_NAME 8

// SUSP 4.1: every field opens with a signature, its length and a version
#define SU_SIGNATURE 0
#define SU_LENGTH 2
#define SU_DATA 4
#define SU_XA_LENGTH 14              // CD-ROM XA attributes in front of the fields
#define SP_CHECK 4                   // SUSP 5.3: 0xbe 0xef
#define   SP_CHECK_0 0xbe
#define   SP_CHECK_1 0xef
#define SP_SKIP 6
#define SP_LENGTH 7
#define CE_BLOCK 4                   // SUSP 5.1: both-endian 32 each
#define CE_OFFSET 12
#define CE_SIZE 20
#define CE_LENGTH 28
// RRIP 4.1.3 SL, 4.1.4 NM, 4.1.5 CL
#define NM_FLAGS 4
#define   NM_FLAG_CURRENT 0x02
#define   NM_FLAG_PARENT 0x04
#define NM_NAME 5
#define SL_FLAGS 4
#define SL_COMPONENTS 5
#define   SL_COMPONENT_FLAGS 0
#define     SL_FLAG_CONTINUE 0x01
#define     SL_FLAG_CURRENT 0x02
#define     SL_FLAG_PARENT 0x04
#define     SL_FLAG_ROOT 0x08
#define   SL_COMPONENT_LENGTH 1
#define   SL_COMPONENT_TEXT 2
#define CL_BLOCK 4                   // both-endian 32
#define CL_LENGTH 12

#endif
