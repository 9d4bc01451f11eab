/// The rules of a channel between two parties. There is no token, no account and no clock in here: the module `channel` brings them.
///
/// Nothing here moves money. What a party may take out is `entitled`, and it takes it out itself, with a call of its own. So nobody's account
/// and no token can hold up a claim.
module sluice::core {
    use std::bcs;
    use std::option;
    use aptos_std::ed25519;

    friend sluice::channel;

    /// The caller is none of the two parties.
    const E_NOT_A_PARTY: u64 = 1;
    /// The party has set its key before.
    const E_KEY_IS_SET: u64 = 2;
    /// The key is no Ed25519 public key of 32 bytes, or one of small order.
    const E_BAD_KEY: u64 = 3;
    /// The party has not set its key yet.
    const E_NO_KEY: u64 = 4;
    /// The signature is not one of the payer over these terms.
    const E_BAD_SIGNATURE: u64 = 5;
    /// There is nothing to record or to take out that has not been before.
    const E_NOTHING_NEW: u64 = 6;
    /// The amount is zero.
    const E_ZERO: u64 = 7;
    /// The channel is not open.
    const E_NOT_OPEN: u64 = 8;
    /// The channel is not closing.
    const E_NOT_CLOSING: u64 = 9;
    /// The challenge is not over.
    const E_TOO_EARLY: u64 = 10;
    /// The channel is settled.
    const E_SETTLED: u64 = 11;
    /// The consent has expired.
    const E_CONSENT_EXPIRED: u64 = 12;
    /// The least that the consent asks for is above the deposit.
    const E_ABOVE_DEPOSIT: u64 = 13;
    /// The challenge is shorter than an hour or longer than 30 days.
    const E_CHALLENGE: u64 = 14;
    /// The other party is the caller.
    const E_SAME_PARTY: u64 = 15;
    /// The deposits of both do not fit in 64 bits.
    const E_TOO_MUCH: u64 = 16;

    const OPEN: u8 = 0;
    const CLOSING: u8 = 1;
    const SETTLED: u8 = 2;

    const MIN_CHALLENGE_SECS: u64 = 3600;
    const MAX_CHALLENGE_SECS: u64 = 2592000;

    const KEY_BYTES: u64 = 32;
    const SIGNATURE_BYTES: u64 = 64;

    const MAX_U64: u128 = 18446744073709551615;

    const CLAIM_TAG: vector<u8> = b"SLUICE_CLAIM_V1";
    const CONSENT_TAG: vector<u8> = b"SLUICE_CLOSE_V1";

    /// What a party has put in, what its claims have given to the other one, and what it has taken out. None of the three ever falls.
    struct Side has store, drop {
        party: address,
        key: vector<u8>,
        deposit: u64,
        paid: u64,
        withdrawn: u64
    }

    struct Channel has store, drop {
        /// Where signatures are good: this chain, this code, this channel.
        chain_id: u8,
        code: address,
        id: address,
        one: Side,
        two: Side,
        challenge_secs: u64,
        state: u8,
        settleable_at: u64
    }

    struct ClaimMessage has drop { tag: vector<u8>, chain_id: u8, code: address, channel: address, payer: address, amount: u64 }

    struct ConsentMessage has drop {
        tag: vector<u8>, chain_id: u8, code: address, channel: address, party: address, least: u64, valid_until: u64
    }

    public(friend) fun new(
        chain_id: u8, code: address, id: address, one: address, one_key: vector<u8>, two: address, challenge_secs: u64
    ): Channel {
        assert!(one != two, E_SAME_PARTY);
        assert!(challenge_secs >= MIN_CHALLENGE_SECS && challenge_secs <= MAX_CHALLENGE_SECS, E_CHALLENGE);
        check_key(one_key);
        Channel {
            chain_id, code, id, challenge_secs, state: OPEN, settleable_at: 0,
            one: Side { party: one, key: one_key, deposit: 0, paid: 0, withdrawn: 0 },
            two: Side { party: two, key: vector[], deposit: 0, paid: 0, withdrawn: 0 }
        }
    }

    /// A party's key is set once, by that party.
    public(friend) fun set_key(self: &mut Channel, party: address, key: vector<u8>) {
        let side = self.side(party);
        assert!(side.key.length() == 0, E_KEY_IS_SET);
        check_key(key);
        side.key = key;
    }

    /// Both deposits fit in 64 bits together. So does all that is ever entitled or withdrawn, and no sum can lock a channel.
    public(friend) fun add_deposit(self: &mut Channel, party: address, amount: u64) {
        let both = (self.one.deposit as u128) + (self.two.deposit as u128) + (amount as u128);
        let is_open = self.state == OPEN;
        let side = self.side(party);
        assert!(is_open, E_NOT_OPEN);
        assert!(amount > 0, E_ZERO);
        assert!(side.key.length() == KEY_BYTES, E_NO_KEY);
        assert!(both <= MAX_U64, E_TOO_MUCH);
        side.deposit += amount;
    }

    /// Records a claim of the other party, and returns by how much it raises what was paid. A claim above the deposit counts up to the deposit.
    public(friend) fun redeem(self: &mut Channel, payee: address, amount: u64, signature: vector<u8>): u64 {
        self.other(payee);
        assert!(self.state != SETTLED, E_SETTLED);
        let more = self.take(payee, amount, signature);
        assert!(more > 0, E_NOTHING_NEW);
        more
    }

    public(friend) fun close(self: &mut Channel, party: address, now: u64) {
        self.other(party);
        assert!(self.state == OPEN, E_NOT_OPEN);
        self.state = CLOSING;
        self.settleable_at = now + self.challenge_secs;
    }

    public(friend) fun settle(self: &mut Channel, now: u64) {
        assert!(self.state == CLOSING, E_NOT_CLOSING);
        assert!(now >= self.settleable_at, E_TOO_EARLY);
        self.state = SETTLED;
    }

    /// Ends the channel at once. The caller brings its own best claim (amount 0: none), and the other party's consent to be paid `least` in all.
    /// The caller has sent the transaction, and so agrees to pay that. What was redeemed before is never taken back.
    public(friend) fun close_together(
        self: &mut Channel, caller: address, amount: u64, claim: vector<u8>, least: u64, valid_until: u64, consent: vector<u8>, now: u64
    ) {
        let party = self.other(caller);
        assert!(self.state != SETTLED, E_SETTLED);
        assert!(now <= valid_until, E_CONSENT_EXPIRED);
        self.check(party, self.consent_bytes(party, least, valid_until), consent);
        if (amount > 0) { self.take(caller, amount, claim); };
        let side = self.side(caller);
        assert!(least <= side.deposit, E_ABOVE_DEPOSIT);
        if (least > side.paid) { side.paid = least };
        self.state = SETTLED;
    }

    /// What the party may take out now.
    public(friend) fun entitled(self: &Channel, party: address): u64 {
        let (own, other) = if (self.one.party == party) { (&self.one, &self.two) } else { (&self.two, &self.one) };
        assert!(own.party == party, E_NOT_A_PARTY);
        let rest = if (self.state == SETTLED) { own.deposit - own.paid } else { 0 };
        rest + other.paid - own.withdrawn
    }

    /// What the party takes out now. `available` is what the vault really holds: an issuer may have taken some of it.
    public(friend) fun withdraw(self: &mut Channel, party: address, available: u64): u64 {
        let entitled = self.entitled(party);
        let amount = if (entitled < available) { entitled } else { available };
        assert!(amount > 0, E_NOTHING_NEW);
        let side = self.side(party);
        side.withdrawn += amount;
        amount
    }

    /// Party, key, deposit, paid and withdrawn of one side.
    public(friend) fun side_of(self: &Channel, is_one: bool): (address, vector<u8>, u64, u64, u64) {
        let side = if (is_one) { &self.one } else { &self.two };
        (side.party, side.key, side.deposit, side.paid, side.withdrawn)
    }

    /// Chain id, challenge in seconds, state, and when the challenge is over.
    public(friend) fun terms(self: &Channel): (u8, u64, u8, u64) {
        (self.chain_id, self.challenge_secs, self.state, self.settleable_at)
    }

    public(friend) fun claim_bytes(self: &Channel, payer: address, amount: u64): vector<u8> {
        bcs::to_bytes(&ClaimMessage { tag: CLAIM_TAG, chain_id: self.chain_id, code: self.code, channel: self.id, payer, amount })
    }

    public(friend) fun consent_bytes(self: &Channel, party: address, least: u64, valid_until: u64): vector<u8> {
        bcs::to_bytes(&ConsentMessage {
            tag: CONSENT_TAG, chain_id: self.chain_id, code: self.code, channel: self.id, party, least, valid_until
        })
    }

    fun take(self: &mut Channel, payee: address, amount: u64, signature: vector<u8>): u64 {
        let payer = self.other(payee);
        self.check(payer, self.claim_bytes(payer, amount), signature);
        let side = self.side(payer);
        let paid = if (amount < side.deposit) { amount } else { side.deposit };
        if (paid <= side.paid) { return 0 };
        let more = paid - side.paid;
        side.paid = paid;
        more
    }

    fun side(self: &mut Channel, party: address): &mut Side {
        if (self.one.party == party) { return &mut self.one };
        assert!(self.two.party == party, E_NOT_A_PARTY);
        &mut self.two
    }

    fun other(self: &Channel, party: address): address {
        if (self.one.party == party) { return self.two.party };
        assert!(self.two.party == party, E_NOT_A_PARTY);
        self.one.party
    }

    /// The signature must be one of the signer's key over the message, as strictly as the framework can tell.
    fun check(self: &Channel, signer: address, message: vector<u8>, signature: vector<u8>) {
        let key = if (self.one.party == signer) { self.one.key } else { self.two.key };
        assert!(key.length() == KEY_BYTES, E_NO_KEY);
        assert!(signature.length() == SIGNATURE_BYTES, E_BAD_SIGNATURE);
        let signature = ed25519::new_signature_from_bytes(signature);
        let key = ed25519::new_unvalidated_public_key_from_bytes(key);
        assert!(ed25519::signature_verify_strict(&signature, &key, message), E_BAD_SIGNATURE);
    }

    /// A key of small order would make signatures of anybody good.
    fun check_key(key: vector<u8>) {
        assert!(key.length() == KEY_BYTES, E_BAD_KEY);
        assert!(option::is_some(&ed25519::new_validated_public_key_from_bytes(key)), E_BAD_KEY);
    }

    #[test_only]
    friend sluice::core_tests;

    #[test_only]
    public(friend) fun is_over(self: &Channel): bool { self.state == SETTLED }

    #[test_only]
    /// What must be in the vault.
    public(friend) fun vault(self: &Channel): u64 {
        self.one.deposit + self.two.deposit - self.one.withdrawn - self.two.withdrawn
    }
}
