#!/bin/sh
# What udhcpc runs in the bench's Linux: takes the lease.
[ "$1" != bound ] || ip addr add "$ip/$mask" dev "$interface"
