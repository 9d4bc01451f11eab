// Taking out of a channel what the other party has paid.
#include "instructions.h"
#include "payout.h"
#include "signatures.h"
#include "tokens.h"

// Accounts: channel w, vault w, associated token account of the payee w, mint, token program, instructions sysvar. Data: 6, instance, nonce,
// amount, payer u8 (side). Anybody may bring a claim. Amounts order claims: by nonces a payer could shut out its own better ones. What cannot
// be paid out now is recorded all the same, and stays owed.
u64 claim (const Call *call) {
  TRY(check_call(call, 6, 33, 0));
  const Account *account = &call->accounts[0], *vault = &call->accounts[1], *destination = &call->accounts[2];
  const Account *mint = &call->accounts[3], *sysvar = &call->accounts[5];
  TRY(check_vault(account, vault, call->program));
  Channel *channel = channel_of(account);
  u64 nonce = read_u64(call->data + 16), amount = read_u64(call->data + 24);
  int payer = call->data[32];
  REQUIRE(payer <= 1, INVALID_INSTRUCTION);
  REQUIRE(channel->state != SETTLED, CHANNEL_NOT_OPENED);
  REQUIRE(is_same_key(mint->key, channel->mint), INVALID_ACCOUNT);
  REQUIRE(amount > channel->transferred[payer], TRANSFERRED_AMOUNT_DECREASED);
  REQUIRE(amount <= channel->deposit[payer], EXCEEDS_DEPOSIT);
  TRY(check_claim(sysvar, account, call->program, call->data + 8, payer));
  channel->transferred[payer] = amount;
  channel->nonce[payer] = nonce;
  tell(EVENT_CLAIMED, account, (u64)payer, amount);
  Roles roles = {.call = call, .channel = account, .vault = vault, .mint = mint};
  u64 left;
  return pay(&roles, destination, 1 - payer, &left);
}

// Accounts: party s, channel w, vault w, any token account w, mint, token program. Data: 8, instance. For a party that cannot use its
// associated token account: it signs, and says where to.
u64 withdraw (const Call *call) {
  TRY(check_call(call, 6, 16, 1));
  const Account *party = &call->accounts[0], *account = &call->accounts[1], *vault = &call->accounts[2];
  const Account *destination = &call->accounts[3], *mint = &call->accounts[4];
  TRY(check_vault(account, vault, call->program));
  Channel *channel = channel_of(account);
  REQUIRE(is_same_key(mint->key, channel->mint), INVALID_ACCOUNT);
  int side;
  TRY(check_party(channel, party, &side));
  REQUIRE(!is_same_key(destination->key, vault->key), INVALID_TOKEN_ACCOUNT);
  u64 amount;
  TRY(owed_to(channel, side, &amount));
  REQUIRE(amount != 0, NOTHING_TO_DO);
  channel->withdrawn[side] += amount;
  Roles roles = {.call = call, .channel = account, .vault = vault, .mint = mint};
  return transfer_out(&roles, destination, amount);
}
