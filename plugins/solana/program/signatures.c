// What parties sign, and the proof that they did: the instruction directly before this one is of the Ed25519 precompile, which the runtime
// runs before any program. Here it is compared, byte by byte, with the one that this program would have written. So the signatures that
// the precompile checked are over our message with our keys, wherever its offsets might point otherwise.
#include "signatures.h"
#include "keys.h"

enum { TAG_BYTES = 16, PREFIX_BYTES = TAG_BYTES + 3 * KEY_BYTES, CLAIM_FIELDS = 24, TERMS_FIELDS = 32 };
enum { HEADER_BYTES = 2, OFFSETS_BYTES = 14, SIGNATURE_BYTES = 64 };
#define THIS_INSTRUCTION 0xffff

// The first byte begins no transaction, so nothing that is signed here can be one. The tags differ, so that no claim is read as terms.
static const u8 CLAIM_TAG[TAG_BYTES] = {"\xffSLUICE-CLAIM-V2"};
static const u8 TERMS_TAG[TAG_BYTES] = {"\xffSLUICE-CLOSE-V2"};

// In the sysvar: number of instructions u16, where each begins u16, the instructions, index of the current one u16. An instruction:
// number of accounts u16, 33 bytes for each, program, length of data u16, data.
static const u8 *instruction_before (const Account *sysvar) {
  u16 current = read_u16(sysvar->data + sysvar->data_len - 2);
  if (current == 0) return 0;
  const u8 *instruction = sysvar->data + read_u16(sysvar->data + 2 + 2 * (current - 1));
  return instruction + 2 + 33 * (u64)read_u16(instruction);
}

// Offsets of one signature: of the signature, of its key, of the message, each with the instruction that it lies in.
static APART int are_offsets (const u8 *at, u64 key_at, u64 message_at, u64 message_len) {
  u64 expected[7] = {key_at + KEY_BYTES, THIS_INSTRUCTION, key_at, THIS_INSTRUCTION, message_at, message_len, THIS_INSTRUCTION};
  for (int i = 0; i < 7; i++) if (read_u16(at + 2 * i) != expected[i]) return 0;
  return 1;
}

// `keys` are `count` keys of 32 bytes. They have signed in this order.
static APART u64 check_signed (const Account *sysvar, const u8 *message, u64 message_len, const u8 *keys, u64 count) {
  REQUIRE(is_same_key(sysvar->key, INSTRUCTIONS_SYSVAR), INVALID_ACCOUNT);
  const u8 *program = instruction_before(sysvar);
  REQUIRE(program != 0, INVALID_SIGNATURE);
  REQUIRE(is_same_key(program, ED25519_PROGRAM), INVALID_SIGNATURE);
  u64 data_len = read_u16(program + KEY_BYTES);
  const u8 *data = program + KEY_BYTES + 2;
  u64 keys_at = HEADER_BYTES + OFFSETS_BYTES * count, message_at = keys_at + (KEY_BYTES + SIGNATURE_BYTES) * count;
  REQUIRE(data_len == message_at + message_len, INVALID_SIGNATURE);
  REQUIRE(data[0] == count, INVALID_SIGNATURE);
  REQUIRE(data[1] == 0, INVALID_SIGNATURE);
  for (u64 i = 0; i < count; i++) {
    u64 key_at = keys_at + (KEY_BYTES + SIGNATURE_BYTES) * i;
    REQUIRE(are_offsets(data + HEADER_BYTES + OFFSETS_BYTES * i, key_at, message_at, message_len), INVALID_SIGNATURE);
    REQUIRE(is_same_key(data + key_at, keys + KEY_BYTES * i), INVALID_SIGNATURE);
  }
  REQUIRE(compare(data + message_at, message, message_len) == 0, INVALID_SIGNATURE);
  return 0;
}

// Tag, cluster, program, channel: then come the fields.
static APART void write_prefix (u8 *message, const u8 *tag, const Account *channel, const u8 *program) {
  sol_memcpy_(message, tag, TAG_BYTES);
  sol_memcpy_(message + TAG_BYTES, GENESIS_HASH, KEY_BYTES);
  sol_memcpy_(message + TAG_BYTES + KEY_BYTES, program, KEY_BYTES);
  sol_memcpy_(message + TAG_BYTES + 2 * KEY_BYTES, channel->key, KEY_BYTES);
}

APART u64 check_claim (const Account *sysvar, const Account *channel, const u8 *program, const u8 *fields, int payer) {
  u8 message[PREFIX_BYTES + CLAIM_FIELDS];
  write_prefix(message, CLAIM_TAG, channel, program);
  sol_memcpy_(message + PREFIX_BYTES, fields, CLAIM_FIELDS);
  return check_signed(sysvar, message, sizeof message, channel_of(channel)->party[payer], 1);
}

APART u64 check_terms (const Account *sysvar, const Account *channel, const u8 *program, const u8 *fields) {
  u8 message[PREFIX_BYTES + TERMS_FIELDS];
  write_prefix(message, TERMS_TAG, channel, program);
  sol_memcpy_(message + PREFIX_BYTES, fields, TERMS_FIELDS);
  return check_signed(sysvar, message, sizeof message, channel_of(channel)->party[0], 2);
}
