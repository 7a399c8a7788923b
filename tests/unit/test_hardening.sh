#!/bin/sh
# test_hardening.sh PROGRAM: whether the linker and the compiler did what CMakeLists.txt asks of them.
set -eu
program=$1
fail() {
    echo "$program: $1" >&2
    exit 1
}
readelf -hW "$program" | grep -q 'Type: *DYN' || fail "it is not position independent"
readelf -lW "$program" | grep -q GNU_RELRO || fail "it has no part that becomes read-only (RELRO)"
readelf -dW "$program" | grep -Eq 'BIND_NOW|FLAGS.*NOW' || fail "functions are bound late, so their table stays writable (no full RELRO)"
readelf -lW "$program" | grep -Eq 'GNU_STACK.* RW +0x' || fail "its stack is executable"
readelf -sW --dyn-syms "$program" | grep -q __stack_chk_fail || fail "stacks are not protected"
readelf -sW --dyn-syms "$program" | grep -Eq '__(memcpy|snprintf|vsnprintf|fprintf|read|strcat|printf|vfprintf)_chk' || fail "copies are not checked (FORTIFY)"
readelf -SW "$program" | grep -q '\.rela\?\.plt\|\.got' || fail "it has no table of functions to look at"
case $(uname -m) in
x86_64)
    # The note of the whole program is missing where a library does not have it; the code of ours does.
    objdump -d --no-show-raw-insn "$program" | grep -A1 '<bg_program_run>:' | grep -q endbr64 || fail "targets of jumps are not marked (CET)"
    ;;
esac
