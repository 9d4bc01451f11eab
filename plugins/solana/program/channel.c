// The channel account, and what every instruction checks of it.
#include "channel.h"
#include "keys.h"

const u8 CHANNEL_TAG[8] = {"pchannl2"};

u64 check_call (const Call *call, u64 count, u64 data_len, int channel) {
  REQUIRE(call->count == count, INVALID_INSTRUCTION);
  REQUIRE(call->data_len == data_len, INVALID_INSTRUCTION);
  const Account *account = &call->accounts[channel];
  REQUIRE(is_same_key(account->owner, call->program), INVALID_ACCOUNT);
  REQUIRE(account->data_len == sizeof(Channel), INVALID_ACCOUNT);
  REQUIRE(compare(account->data, CHANNEL_TAG, sizeof CHANNEL_TAG) == 0, INVALID_ACCOUNT);
  REQUIRE(channel_of(account)->instance == read_u64(call->data + 8), WRONG_INSTANCE);
  return 0;
}

APART u64 check_vault (const Account *channel, const Account *vault, const u8 *program) {
  u8 key[KEY_BYTES];
  Slice seeds[3] = {{"vault", 5}, {channel->key, KEY_BYTES}, {&channel_of(channel)->vault_bump, 1}};
  REQUIRE(sol_create_program_address(seeds, 3, program, key) == 0, INVALID_VAULT_PDA);
  REQUIRE(is_same_key(key, vault->key), INVALID_VAULT_PDA);
  REQUIRE(is_same_key(vault->owner, token_program_of(channel_of(channel))), INVALID_VAULT_PDA);
  return 0;
}

int side_of (const Channel *channel, const u8 *key) {
  for (int side = 0; side < 2; side++) if (is_same_key(channel->party[side], key)) return side;
  return -1;
}

u64 check_party (const Channel *channel, const Account *account, int *side) {
  *side = side_of(channel, account->key);
  REQUIRE(*side >= 0, INVALID_PARTICIPANT);
  REQUIRE(account->is_signer, UNAUTHORIZED_SIGNER);
  return 0;
}

const u8 *token_program_of (const Channel *channel) {
  return channel->is_token_2022 ? TOKEN_2022_PROGRAM : TOKEN_PROGRAM;
}

APART u64 invoke_as_channel (const Roles *roles, const Instruction *instruction) {
  const Channel *channel = channel_of(roles->channel);
  const u8 *opener = channel->party[channel->opener], *peer = channel->party[1 - channel->opener];
  Slice seeds[6] = {
    {"channel", 7}, {opener, KEY_BYTES}, {peer, KEY_BYTES}, {channel->mint, KEY_BYTES}, {&channel->lane, 1}, {&channel->bump, 1}
  };
  Signer signer = {seeds, 6};
  return sol_invoke_signed_c(instruction, roles->call->accounts, (int)roles->call->count, &signer, 1);
}

APART void tell (Event event, const Account *channel, u64 first, u64 second) {
  u8 kind = (u8)event;
  u64 numbers[2] = {first, second};
  Slice fields[4] = {{&kind, 1}, {channel->key, KEY_BYTES}, {&channel_of(channel)->instance, 8}, {numbers, 16}};
  sol_log_data(fields, 4);
}
