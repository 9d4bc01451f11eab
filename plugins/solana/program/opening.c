// Opening a channel, and paying into it.
#include "instructions.h"
#include "keys.h"
#include "tokens.h"

#define MIN_CHALLENGE_SECONDS 3600
#define MAX_CHALLENGE_SECONDS 2592000 // 30 days
#define LANES 8

// Nothing is there: lamports at the address hinder nobody.
static int is_unused (const Account *account) {
  return is_same_key(account->owner, SYSTEM_PROGRAM) && account->data_len == 0;
}

static APART void write_channel (const Account *account, const Account *opener, const Account *peer) {
  Channel *channel = channel_of(account);
  int side = compare(opener->key, peer->key, KEY_BYTES) < 0 ? 0 : 1;
  sol_memcpy_(channel->tag, CHANNEL_TAG, sizeof CHANNEL_TAG);
  sol_memcpy_(channel->party[side], opener->key, KEY_BYTES);
  sol_memcpy_(channel->party[1 - side], peer->key, KEY_BYTES);
  channel->opener = (u8)side;
}

// Accounts: opener s, peer, mint, channel w, vault w, system program, token program. Data: 1, instance, challenge, lane u8. The caller sends
// the rent of both accounts to them in the same transaction, before.
u64 initialize (const Call *call) {
  REQUIRE(call->count == 7, INVALID_INSTRUCTION);
  REQUIRE(call->data_len == 25, INVALID_INSTRUCTION);
  const Account *opener = &call->accounts[0], *peer = &call->accounts[1], *mint = &call->accounts[2];
  const Account *account = &call->accounts[3], *vault = &call->accounts[4], *token_program = &call->accounts[6];
  u64 instance = read_u64(call->data + 8), challenge = read_u64(call->data + 16);
  u8 lane = call->data[24];
  REQUIRE(opener->is_signer, UNAUTHORIZED_SIGNER);
  REQUIRE(!is_same_key(opener->key, peer->key), INVALID_PARTICIPANT);
  REQUIRE(challenge >= MIN_CHALLENGE_SECONDS, INVALID_CHALLENGE);
  REQUIRE(challenge <= MAX_CHALLENGE_SECONDS, INVALID_CHALLENGE);
  REQUIRE(lane < LANES, INVALID_PDA);
  Clock clock;
  TRY(sol_get_clock_sysvar(&clock));
  REQUIRE(instance <= clock.slot, INSTANCE_NOT_RECENT);
  REQUIRE(clock.slot - instance <= BIRTH_SLOTS, INSTANCE_NOT_RECENT);
  int is_token_2022 = is_same_key(token_program->key, TOKEN_2022_PROGRAM);
  REQUIRE(is_token_2022 || is_same_key(token_program->key, TOKEN_PROGRAM), INVALID_ACCOUNT);
  TRY(check_mint(mint, is_token_2022));

  u8 key[KEY_BYTES], bump, vault_bump;
  Slice seeds[6] = {
    {"channel", 7}, {opener->key, KEY_BYTES}, {peer->key, KEY_BYTES}, {mint->key, KEY_BYTES}, {&lane, 1}, {&bump, 1}
  };
  Slice vault_seeds[3] = {{"vault", 5}, {account->key, KEY_BYTES}, {&vault_bump, 1}};
  REQUIRE(sol_try_find_program_address(seeds, 5, call->program, key, &bump) == 0, INVALID_PDA);
  REQUIRE(is_same_key(key, account->key), INVALID_PDA);
  REQUIRE(sol_try_find_program_address(vault_seeds, 2, call->program, key, &vault_bump) == 0, INVALID_VAULT_PDA);
  REQUIRE(is_same_key(key, vault->key), INVALID_VAULT_PDA);
  REQUIRE(is_unused(account), CHANNEL_ALREADY_EXISTS);
  REQUIRE(is_unused(vault), CHANNEL_ALREADY_EXISTS);

  Signer channel_address = {seeds, 6}, vault_address = {vault_seeds, 3};
  Roles roles = {.call = call, .channel = account, .vault = vault, .mint = mint};
  TRY(create_account(call, account, sizeof(Channel), call->program, &channel_address));
  TRY(create_vault(&roles, is_token_2022, &vault_address));

  write_channel(account, opener, peer);
  Channel *channel = channel_of(account);
  sol_memcpy_(channel->mint, mint->key, KEY_BYTES);
  channel->challenge_duration = challenge;
  channel->bump = bump;
  channel->vault_bump = vault_bump;
  channel->lane = lane;
  channel->is_token_2022 = (u8)is_token_2022;
  channel->instance = instance;
  channel->opened_at = clock.now;
  tell(EVENT_OPENED, account, challenge, lane);
  return 0;
}

// Accounts: depositor s, source w, vault w, channel w, mint, token program. Data: 2, instance, total. The deposit of the depositor becomes
// `total`, so a deposit that is sent twice is made once.
u64 deposit (const Call *call) {
  TRY(check_call(call, 6, 24, 3));
  const Account *depositor = &call->accounts[0], *source = &call->accounts[1], *vault = &call->accounts[2];
  const Account *account = &call->accounts[3], *mint = &call->accounts[4];
  TRY(check_vault(account, vault, call->program));
  Channel *channel = channel_of(account);
  REQUIRE(channel->state == OPENED, CHANNEL_NOT_OPENED);
  REQUIRE(is_same_key(mint->key, channel->mint), INVALID_ACCOUNT);
  int side;
  TRY(check_party(channel, depositor, &side));
  u64 total = read_u64(call->data + 16), sum;
  REQUIRE(total > channel->deposit[side], ZERO_AMOUNT_DEPOSIT);
  REQUIRE(!__builtin_add_overflow(total, channel->deposit[1 - side], &sum), ARITHMETIC_OVERFLOW);
  u64 amount = total - channel->deposit[side], before = token_amount(vault);
  Roles roles = {.call = call, .channel = account, .vault = vault, .mint = mint};
  TRY(transfer_in(&roles, source, depositor, amount));
  REQUIRE(token_amount(vault) - before == amount, WRONG_ARRIVAL);
  channel->deposit[side] = total;
  tell(EVENT_DEPOSITED, account, (u64)side, total);
  return 0;
}
