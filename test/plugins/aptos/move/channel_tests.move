// What the cases cannot say of `channel`: whose the vault is, and what the views list.
#[test_only]
module sluice::channel_tests {
    use std::signer;
    use aptos_framework::chain_id;
    use aptos_framework::dispatchable_fungible_asset;
    use aptos_framework::fungible_asset::{Self, Metadata};
    use aptos_framework::object::{Self, Object};
    use aptos_framework::primary_fungible_store;
    use aptos_framework::timestamp;
    use sluice::channel;

    const DAY: u64 = 86400;
    const KEY: vector<u8> = x"03a107bff3ce10be1d70dd18e74bc09967e4d6309ba50d5f1ddc8664125531b8";

    fun begin(world: &signer, alice: &signer): Object<Metadata> {
        chain_id::begin(world, 1);
        timestamp::begin(world);
        object::begin(world);
        let asset = fungible_asset::new_asset();
        let store = primary_fungible_store::ensure(signer::address_of(alice), asset);
        fungible_asset::set_balance(object::object_address(&store), 1000);
        asset
    }

    /// Alice has opened a channel with 0xb0b, and put 100 into it.
    fun filled(world: &signer, alice: &signer): address {
        let asset = begin(world, alice);
        channel::open(alice, @0xb0b, object::object_address(&asset), DAY, KEY);
        let id = channel::opened_by(signer::address_of(alice), 0, 1)[0];
        channel::deposit(alice, id, 100);
        id
    }

    #[test(world = @0x1, alice = @0xa11ce)]
    fun the_vault_is_nobodys(world: &signer, alice: &signer) {
        let store = channel::store_of(filled(world, alice));
        assert!(object::owner(store) == @0x0 && !object::ungated_transfer_allowed(store), 1);
    }

    #[test(world = @0x1, alice = @0xa11ce)]
    #[expected_failure(abort_code = 0x50008, location = aptos_framework::fungible_asset)]
    fun the_opener_cannot_empty_the_vault(world: &signer, alice: &signer) {
        let store = channel::store_of(filled(world, alice));
        primary_fungible_store::deposit(@0xa11ce, dispatchable_fungible_asset::withdraw(alice, store, 1));
    }

    #[test(world = @0x1, alice = @0xa11ce, bob = @0xb0b)]
    #[expected_failure(abort_code = 0x50008, location = aptos_framework::fungible_asset)]
    fun the_other_party_cannot_empty_the_vault(world: &signer, alice: &signer, bob: &signer) {
        let store = channel::store_of(filled(world, alice));
        primary_fungible_store::deposit(@0xb0b, dispatchable_fungible_asset::withdraw(bob, store, 1));
    }

    #[test(world = @0x1, alice = @0xa11ce, publisher = @sluice)]
    #[expected_failure(abort_code = 0x50008, location = aptos_framework::fungible_asset)]
    fun the_publisher_cannot_empty_the_vault(world: &signer, alice: &signer, publisher: &signer) {
        let store = channel::store_of(filled(world, alice));
        primary_fungible_store::deposit(@sluice, dispatchable_fungible_asset::withdraw(publisher, store, 1));
    }

    #[test(world = @0x1, alice = @0xa11ce)]
    #[expected_failure(abort_code = 0x50003, location = aptos_framework::object)]
    fun the_opener_cannot_take_the_channel_over(world: &signer, alice: &signer) {
        let store = channel::store_of(filled(world, alice));
        object::transfer(alice, store, @0xa11ce);
    }

    #[test(world = @0x1, alice = @0xa11ce)]
    fun channels_are_listed_a_hundred_at_a_time(world: &signer, alice: &signer) {
        let asset = object::object_address(&begin(world, alice));
        let i = 0;
        while (i < 103) {
            channel::open(alice, @0xb0b, asset, DAY, KEY);
            i += 1;
        };
        assert!(channel::opened_by(@0xa11ce, 0, 1000).length() == 100, 1);
        assert!(channel::opened_by(@0xa11ce, 100, 1000).length() == 3, 2);
        assert!(channel::opened_by(@0xa11ce, 18446744073709551615, 10).length() == 0, 3);
        assert!(channel::opened_by(@0xa11ce, 2, 0).length() == 0, 4);
        assert!(channel::opened_by(@0xb0b, 0, 10).length() == 0, 5);
        let first = channel::opened_by(@0xa11ce, 0, 1)[0];
        let second = channel::opened_by(@0xa11ce, 1, 1)[0];
        assert!(first != second, 6);
    }

    #[test(world = @0x1, alice = @0xa11ce)]
    fun states_are_told_of_channels_only(world: &signer, alice: &signer) {
        let id = filled(world, alice);
        assert!(channel::states(vector[@0x1, id, @0xb0b, id]).length() == 2, 1);
        assert!(channel::version() == 1, 2);
    }

    #[test(world = @0x1, alice = @0xa11ce)]
    #[expected_failure(abort_code = 19, location = sluice::channel)]
    fun no_state_of_what_is_no_channel(world: &signer, alice: &signer) {
        filled(world, alice);
        channel::state(@0xb0b);
    }

    #[test(world = @0x1, alice = @0xa11ce)]
    #[expected_failure(abort_code = 19, location = sluice::channel)]
    fun nobody_is_entitled_to_what_is_no_channel(world: &signer, alice: &signer) {
        filled(world, alice);
        channel::entitled(@0xb0b, @0xa11ce);
    }
}
