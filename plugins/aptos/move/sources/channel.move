/// Payment channels of fungible assets: objects, tokens and events around the rules in `core`.
///
/// A channel is an object that nobody owns, with a store of its own, and is never deleted. The module that makes it has no owner either once it
/// is published as immutable. Tokens move in `deposit` and `withdraw` only, and only for the party that calls.
module sluice::channel {
    use std::option;
    use std::signer;
    use aptos_framework::chain_id;
    use aptos_framework::coin;
    use aptos_framework::dispatchable_fungible_asset;
    use aptos_framework::event;
    use aptos_framework::fungible_asset::{Self, FungibleAsset, FungibleStore, Metadata};
    use aptos_framework::object::{Self, ExtendRef, Object};
    use aptos_framework::primary_fungible_store;
    use aptos_framework::timestamp;
    use sluice::core;

    /// The asset gave the vault another amount than was deposited.
    const E_OTHER_AMOUNT: u64 = 17;
    /// The coin has no fungible asset.
    const E_NO_ASSET: u64 = 18;
    /// There is no channel at this address.
    const E_NO_CHANNEL: u64 = 19;

    const VERSION: u64 = 1;
    const LISTED_AT_MOST: u64 = 100;

    /// At the channel's object, beside its store.
    struct Channel has key {
        rules: core::Channel,
        asset: Object<Metadata>,
        store: Object<FungibleStore>,
        /// Rises with each change.
        revision: u64,
        extend_ref: ExtendRef
    }

    /// At a party: the channels that it has opened.
    struct OpenedBy has key { channels: vector<address> }

    #[event]
    struct Opened has drop, store { channel: address, one: address, two: address, asset: address, challenge_secs: u64 }
    #[event]
    struct Joined has drop, store { channel: address, party: address, key: vector<u8> }
    #[event]
    struct Deposited has drop, store { channel: address, party: address, amount: u64, total: u64 }
    #[event]
    struct Redeemed has drop, store { channel: address, payer: address, amount: u64, total: u64 }
    #[event]
    struct Withdrawn has drop, store { channel: address, party: address, amount: u64 }
    #[event]
    struct Closing has drop, store { channel: address, by: address, settleable_at: u64 }
    #[event]
    struct Settled has drop, store { channel: address, paid_by_one: u64, paid_by_two: u64, together: bool }

    struct SideState has copy, drop { party: address, key: vector<u8>, deposit: u64, paid: u64, withdrawn: u64, entitled: u64 }

    struct State has copy, drop {
        channel: address,
        chain_id: u8,
        asset: address,
        one: SideState,
        two: SideState,
        challenge_secs: u64,
        state: u8,
        settleable_at: u64,
        revision: u64,
        balance: u64
    }

    /// Opens an empty channel of a fungible asset with `other`. The caller is `one`, and signs its claims with `my_key`.
    public entry fun open(caller: &signer, other: address, asset: address, challenge_secs: u64, my_key: vector<u8>) acquires OpenedBy {
        open_with(caller, other, object::address_to_object<Metadata>(asset), challenge_secs, my_key);
    }

    /// The same for the fungible asset of a coin.
    public entry fun open_coin<T>(caller: &signer, other: address, challenge_secs: u64, my_key: vector<u8>) acquires OpenedBy {
        let asset = coin::paired_metadata<T>();
        assert!(option::is_some(&asset), E_NO_ASSET);
        open_with(caller, other, option::destroy_some(asset), challenge_secs, my_key);
    }

    fun open_with(caller: &signer, other: address, asset: Object<Metadata>, challenge_secs: u64, my_key: vector<u8>) acquires OpenedBy {
        let one = signer::address_of(caller);
        let constructor = object::create_sticky_object(@0x0);
        object::disable_ungated_transfer(&object::generate_transfer_ref(&constructor));
        let id = object::address_from_constructor_ref(&constructor);
        let rules = core::new(chain_id::get(), @sluice, id, one, my_key, other, challenge_secs);
        let store = fungible_asset::create_store(&constructor, asset);
        let extend_ref = object::generate_extend_ref(&constructor);
        move_to(&object::generate_signer(&constructor), Channel { rules, asset, store, revision: 0, extend_ref });
        if (!exists<OpenedBy>(one)) { move_to(caller, OpenedBy { channels: vector[] }); };
        let opened = &mut OpenedBy[one];
        opened.channels.push_back(id);
        event::emit(Opened { channel: id, one, two: other, asset: object::object_address(&asset), challenge_secs });
    }

    /// The other party sets the key of its claims.
    public entry fun join(caller: &signer, channel: address, my_key: vector<u8>) acquires Channel {
        let party = signer::address_of(caller);
        changed(channel).rules.set_key(party, my_key);
        event::emit(Joined { channel, party, key: my_key });
    }

    /// A party fills its own side.
    public entry fun deposit(caller: &signer, channel: address, amount: u64) acquires Channel {
        let (asset, total) = enter(caller, channel, amount);
        arrive(caller, channel, primary_fungible_store::withdraw(caller, asset, amount), amount, total);
    }

    /// The same from coins of the older standard.
    public entry fun deposit_coin<T>(caller: &signer, channel: address, amount: u64) acquires Channel {
        let (_asset, total) = enter(caller, channel, amount);
        arrive(caller, channel, coin::coin_to_fungible_asset(coin::withdraw<T>(caller, amount)), amount, total);
    }

    fun enter(caller: &signer, channel: address, amount: u64): (Object<Metadata>, u64) acquires Channel {
        let party = signer::address_of(caller);
        let channel = changed(channel);
        channel.rules.add_deposit(party, amount);
        let (one, _key, deposit, _paid, _withdrawn) = channel.rules.side_of(true);
        if (one == party) { return (channel.asset, deposit) };
        let (_two, _key, deposit, _paid, _withdrawn) = channel.rules.side_of(false);
        (channel.asset, deposit)
    }

    /// What counts is what the vault has gained: a hook of the asset may have taken a fee.
    fun arrive(caller: &signer, channel: address, tokens: FungibleAsset, amount: u64, total: u64) acquires Channel {
        let store = Channel[channel].store;
        let before = fungible_asset::balance(store);
        dispatchable_fungible_asset::deposit(store, tokens);
        let after = fungible_asset::balance(store);
        assert!(after >= before && after - before == amount, E_OTHER_AMOUNT);
        event::emit(Deposited { channel, party: signer::address_of(caller), amount, total });
    }

    /// Records a claim of the other party, until the channel is settled. No token moves.
    public entry fun redeem(caller: &signer, channel: address, amount: u64, signature: vector<u8>) acquires Channel {
        let payee = signer::address_of(caller);
        let changed = changed(channel);
        let more = changed.rules.redeem(payee, amount, signature);
        let (one, _key, _deposit, paid_by_one, _withdrawn) = changed.rules.side_of(true);
        let (two, _key, _deposit, paid_by_two, _withdrawn) = changed.rules.side_of(false);
        let (payer, total) = if (one == payee) { (two, paid_by_two) } else { (one, paid_by_one) };
        event::emit(Redeemed { channel, payer, amount: more, total });
    }

    /// Pays the caller what it is entitled to, or as much of it as the vault has. It may be called at any time, also after the end.
    public entry fun withdraw(caller: &signer, channel: address) acquires Channel {
        let party = signer::address_of(caller);
        let changed = changed(channel);
        let store = changed.store;
        let amount = changed.rules.withdraw(party, fungible_asset::balance(store));
        let vault = object::generate_signer_for_extending(&changed.extend_ref);
        primary_fungible_store::deposit(party, dispatchable_fungible_asset::withdraw(&vault, store, amount));
        event::emit(Withdrawn { channel, party, amount });
    }

    /// Starts the challenge.
    public entry fun close(caller: &signer, channel: address) acquires Channel {
        let by = signer::address_of(caller);
        let changed = changed(channel);
        changed.rules.close(by, timestamp::now_seconds());
        let (_chain_id, _challenge_secs, _state, settleable_at) = changed.rules.terms();
        event::emit(Closing { channel, by, settleable_at });
    }

    /// Ends a channel whose challenge is over. Anybody may do it, and no token moves.
    public entry fun settle(_caller: &signer, channel: address) acquires Channel {
        changed(channel).rules.settle(timestamp::now_seconds());
        tell_settled(channel, false);
    }

    /// Ends the channel at once: with the caller's best claim of the other party (amount 0: none), and the other party's consent.
    public entry fun close_together(
        caller: &signer, channel: address, amount: u64, claim: vector<u8>, least: u64, valid_until: u64, consent: vector<u8>
    ) acquires Channel {
        let now = timestamp::now_seconds();
        changed(channel).rules.close_together(signer::address_of(caller), amount, claim, least, valid_until, consent, now);
        tell_settled(channel, true);
    }

    fun tell_settled(channel: address, together: bool) acquires Channel {
        let rules = &Channel[channel].rules;
        let (_one, _key, _deposit, paid_by_one, _withdrawn) = rules.side_of(true);
        let (_two, _key, _deposit, paid_by_two, _withdrawn) = rules.side_of(false);
        event::emit(Settled { channel, paid_by_one, paid_by_two, together });
    }

    inline fun changed(channel: address): &mut Channel {
        assert!(exists<Channel>(channel), E_NO_CHANNEL);
        let found = &mut Channel[channel];
        found.revision += 1;
        found
    }

    #[view]
    public fun state(channel: address): State acquires Channel {
        assert!(exists<Channel>(channel), E_NO_CHANNEL);
        let id = channel;
        let channel = &Channel[id];
        let (chain_id, challenge_secs, state, settleable_at) = channel.rules.terms();
        State {
            channel: id, chain_id, asset: object::object_address(&channel.asset),
            one: side_state(&channel.rules, true), two: side_state(&channel.rules, false),
            challenge_secs, state, settleable_at, revision: channel.revision, balance: fungible_asset::balance(channel.store)
        }
    }

    #[view]
    /// Of those of these addresses that are channels.
    public fun states(channels: vector<address>): vector<State> acquires Channel {
        let states = vector[];
        let i = 0;
        while (i < channels.length()) {
            if (exists<Channel>(channels[i])) { states.push_back(state(channels[i])); };
            i += 1;
        };
        states
    }

    #[view]
    /// The channels that a party has opened, the oldest first: at most 100 from the place `start` on.
    public fun opened_by(party: address, start: u64, limit: u64): vector<address> acquires OpenedBy {
        let found = vector[];
        if (!exists<OpenedBy>(party)) { return found };
        let channels = &OpenedBy[party].channels;
        let most = if (limit < LISTED_AT_MOST) { limit } else { LISTED_AT_MOST };
        while (start < channels.length() && found.length() < most) {
            found.push_back(channels[start]);
            start += 1;
        };
        found
    }

    #[view]
    public fun entitled(channel: address, party: address): u64 acquires Channel {
        assert!(exists<Channel>(channel), E_NO_CHANNEL);
        Channel[channel].rules.entitled(party)
    }

    #[view]
    public fun version(): u64 { VERSION }

    fun side_state(rules: &core::Channel, is_one: bool): SideState {
        let (party, key, deposit, paid, withdrawn) = rules.side_of(is_one);
        SideState { party, key, deposit, paid, withdrawn, entitled: rules.entitled(party) }
    }

    #[test_only]
    /// State, end of the challenge, revision and balance.
    public fun seen(channel: address): (u8, u64, u64, u64) acquires Channel {
        let State { channel: _, chain_id: _, asset: _, one: _, two: _, challenge_secs: _, state, settleable_at, revision, balance } = state(channel);
        (state, settleable_at, revision, balance)
    }

    #[test_only]
    /// The channel's store.
    public fun store_of(channel: address): Object<FungibleStore> acquires Channel { Channel[channel].store }
}
