/// What `core` and `channel` call of Aptos's standard library, over what the test machine brings. Names, types and abilities are those of Aptos,
/// so that the compiled modules find the real ones there.
module std::vector {
    #[bytecode_instruction]
    native public fun length<Element>(self: &vector<Element>): u64;
    #[bytecode_instruction]
    native public fun borrow<Element>(self: &vector<Element>, i: u64): &Element;
    #[bytecode_instruction]
    native public fun borrow_mut<Element>(self: &mut vector<Element>, i: u64): &mut Element;
    #[bytecode_instruction]
    native public fun push_back<Element>(self: &mut vector<Element>, e: Element);
    #[bytecode_instruction]
    native public fun pop_back<Element>(self: &mut vector<Element>): Element;
    #[bytecode_instruction]
    native public fun destroy_empty<Element>(self: vector<Element>);
    #[bytecode_instruction]
    native public fun empty<Element>(): vector<Element>;
}

module std::bcs {
    native public fun to_bytes<T>(value: &T): vector<u8>;
}

module std::hash {
    native public fun sha3_256(data: vector<u8>): vector<u8>;
}

module std::from_bcs {
    native public(friend) fun from_bytes<T>(bytes: vector<u8>): T;
    friend aptos_framework::object;
}

module std::account {
    native public(friend) fun create_signer(addr: address): signer;
    friend aptos_framework::object;
}

module std::signer {
    native public fun borrow_address(s: &signer): &address;

    public fun address_of(s: &signer): address { *borrow_address(s) }
}

module std::option {
    use std::vector;

    struct Option<Element> has copy, drop, store { vec: vector<Element> }

    public fun none<Element>(): Option<Element> { Option { vec: vector[] } }

    public fun some<Element>(e: Element): Option<Element> { Option { vec: vector[e] } }

    public fun is_some<Element>(self: &Option<Element>): bool { vector::length(&self.vec) == 1 }

    public fun destroy_some<Element>(self: Option<Element>): Element {
        let Option { vec } = self;
        let e = vector::pop_back(&mut vec);
        vector::destroy_empty(vec);
        e
    }
}

/// The machine's Ed25519 is another one than Aptos's: it takes signatures with points of small order in them. So keys of small order are refused
/// here by a list, and strictness cannot be tested.
module aptos_std::ed25519 {
    use std::option::{Self, Option};

    struct Signature has copy, drop, store { bytes: vector<u8> }
    struct UnvalidatedPublicKey has copy, drop, store { bytes: vector<u8> }
    struct ValidatedPublicKey has copy, drop, store { bytes: vector<u8> }

    const SMALL_ORDER: vector<vector<u8>> = vector[
        x"0100000000000000000000000000000000000000000000000000000000000000",
        x"26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
        x"0000000000000000000000000000000000000000000000000000000000000000",
        x"c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
        x"ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
        x"c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac03fa",
        x"0000000000000000000000000000000000000000000000000000000000000080",
        x"26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc85"
    ];

    native fun verify_internal(message: vector<u8>, public_key: vector<u8>, signature: vector<u8>): bool;

    const E_WRONG_PUBKEY_SIZE: u64 = 0x10001;
    const E_WRONG_SIGNATURE_SIZE: u64 = 0x10002;

    public fun new_signature_from_bytes(bytes: vector<u8>): Signature {
        assert!(bytes.length() == 64, E_WRONG_SIGNATURE_SIZE);
        Signature { bytes }
    }

    public fun new_unvalidated_public_key_from_bytes(bytes: vector<u8>): UnvalidatedPublicKey {
        assert!(bytes.length() == 32, E_WRONG_PUBKEY_SIZE);
        UnvalidatedPublicKey { bytes }
    }

    public fun new_validated_public_key_from_bytes(bytes: vector<u8>): Option<ValidatedPublicKey> {
        let small = SMALL_ORDER;
        let i = 0;
        while (i < small.length()) {
            if (small[i] == bytes) { return option::none() };
            i += 1;
        };
        option::some(ValidatedPublicKey { bytes })
    }

    public fun signature_verify_strict(signature: &Signature, public_key: &UnvalidatedPublicKey, message: vector<u8>): bool {
        verify_internal(message, public_key.bytes, signature.bytes)
    }

    #[test_only]
    native public fun generate_keys(): (vector<u8>, vector<u8>);

    #[test_only]
    native public fun sign(message: vector<u8>, secret_key: vector<u8>): vector<u8>;
}
