// What the cases cannot say of `core`: its bytes and signatures against vectors made elsewhere, and long random walks.
#[test_only]
module sluice::core_tests {
    use aptos_std::ed25519;
    use sluice::core::{Self, Channel};

    const ALICE: address = @0xa11ce;
    const BOB: address = @0xb0b;
    const ID: address = @0xc0ffee;
    const DAY: u64 = 86400;

    /// The keys of both: secret and public.
    struct Keys has drop { alice: vector<u8>, alice_public: vector<u8>, bob: vector<u8>, bob_public: vector<u8> }

    fun keys(): Keys {
        let (alice, alice_public) = ed25519::generate_keys();
        let (bob, bob_public) = ed25519::generate_keys();
        Keys { alice, alice_public, bob, bob_public }
    }

    fun filled(k: &Keys): Channel {
        let c = core::new(1, @sluice, ID, ALICE, k.alice_public, BOB, DAY);
        c.set_key(BOB, k.bob_public);
        c.add_deposit(ALICE, 100);
        c.add_deposit(BOB, 50);
        c
    }

    fun outside(): Channel {
        let key = x"03a107bff3ce10be1d70dd18e74bc09967e4d6309ba50d5f1ddc8664125531b8";
        let c = core::new(1, @0x511ce, ID, ALICE, key, BOB, DAY);
        c.add_deposit(ALICE, 2000000);
        c
    }

    #[test]
    fun bytes_and_signatures_made_outside() {
        let c = outside();
        let claim = x"0f534c554943455f434c41494d5f56310100000000000000000000000000000000000000000000000000000000000511ce0000000000000000000000000000000000000000000000000000000000c0ffee00000000000000000000000000000000000000000000000000000000000a11ce87d6120000000000";
        let consent = x"0f534c554943455f434c4f53455f56310100000000000000000000000000000000000000000000000000000000000511ce0000000000000000000000000000000000000000000000000000000000c0ffee00000000000000000000000000000000000000000000000000000000000a11ce280000000000000000b33f7100000000";
        assert!(c.claim_bytes(ALICE, 1234567) == claim && claim.length() == 121, 1);
        assert!(c.consent_bytes(ALICE, 40, 1900000000) == consent && consent.length() == 129, 2);
        let signature = x"ffd50c355f1f8363068445075e58a825645aff28ed0a9f7bc9377e9410c51809bd52eae08399f986ab057c3f5d619ecef376378961308cfde0c0decd5c89940c";
        assert!(c.redeem(BOB, 1234567, signature) == 1234567, 3);
    }

    #[test]
    /// The machine takes a signature whose R has a point of order 8 in it. Aptos's strict check must not: this cannot be tested here.
    fun torsion_as_this_machine_sees_it() {
        let signature = x"984c3481518c9174132f598651ac6063f185de253025a3edc204097c09863fe4ba439874fcfbc780a5dda851181734bbd63de2596d7e21067fdab641db83d308";
        assert!(outside().redeem(BOB, 1234567, signature) == 1234567, 1);
    }

    #[test]
    fun no_number_of_an_open_channel_ever_falls() {
        let k = keys();
        let c = filled(&k);
        let paid = 0;
        let amounts = vector[10, 100, 30, 150, 60];
        let i = 0;
        while (i < 5) {
            let amount = amounts[i];
            let (_, _, _, before, _) = c.side_of(true);
            let capped = if (amount < 100) { amount } else { 100 };
            if (capped > paid) {
                let signature = ed25519::sign(c.claim_bytes(ALICE, amount), k.alice);
                paid = before + c.redeem(BOB, amount, signature);
            };
            let (_, _, _, after, _) = c.side_of(true);
            assert!(after == paid && after >= before, 1);
            i += 1;
        };
        c.close(BOB, 1000);
        c.settle(1000 + DAY);
        assert!(c.entitled(ALICE) == 0 && c.entitled(BOB) == 150, 2);
    }

    fun out(c: &mut Channel, party: address): u64 {
        let vault = c.vault();
        c.withdraw(party, vault)
    }

    /// I2 and I3: nobody is promised more than there is, and after the end all is promised to somebody.
    fun sound(c: &Channel) {
        let promised = c.entitled(ALICE) + c.entitled(BOB);
        assert!(if (c.is_over()) { promised == c.vault() } else { promised <= c.vault() }, 900);
        let (_, _, deposit, paid, _) = c.side_of(true);
        assert!(paid <= deposit, 901);
        let (_, _, deposit, paid, _) = c.side_of(false);
        assert!(paid <= deposit, 902);
    }

    /// Up to 300 random steps, the invariants after each. Returns whether the channel has come to its end.
    fun walk(seed: u64): bool {
        let k = keys();
        let c = filled(&k);
        let (now, i, settleable, x) = (1000, 0, 0, seed);
        let (paid_by_alice, paid_by_bob) = (0, 0);
        while (i < 300) {
            x = (((x as u128) * 6364136223846793005 + 1442695040888963407) % 18446744073709551616) as u64;
            let what = (x >> 33) % 9;
            let amount = (x >> 40) % 400;
            now += amount * 20;
            if (c.is_over()) {
                if (c.entitled(ALICE) > 0) { out(&mut c, ALICE); };
                if (c.entitled(BOB) > 0) { out(&mut c, BOB); };
                assert!(c.vault() == 0, 903);
                return true
            };
            let (before_alice, before_bob) = (c.entitled(ALICE), c.entitled(BOB));
            let takes = false;
            if (what < 2 && amount > paid_by_alice && amount <= 100) {
                let signature = ed25519::sign(c.claim_bytes(ALICE, amount), k.alice);
                paid_by_alice = amount;
                c.redeem(BOB, amount, signature);
            } else if (what < 4 && amount > paid_by_bob && amount <= 50) {
                let signature = ed25519::sign(c.claim_bytes(BOB, amount), k.bob);
                paid_by_bob = amount;
                c.redeem(ALICE, amount, signature);
            } else if (what == 4 && before_bob > 0) {
                out(&mut c, BOB);
                takes = true;
            } else if (what == 5 && before_alice > 0) {
                out(&mut c, ALICE);
                takes = true;
            } else if (what == 6 && settleable == 0 && i > 100) {
                c.close(ALICE, now);
                settleable = now + DAY;
            } else if (what == 7 && settleable > 0 && now >= settleable) {
                c.settle(now);
            } else if (what == 8 && settleable == 0) {
                c.add_deposit(BOB, 1 + amount % 3);
            };
            // I5: nothing but the own call takes from what a party may take out.
            assert!(takes || (c.entitled(ALICE) >= before_alice && c.entitled(BOB) >= before_bob), 904);
            sound(&c);
            i += 1;
        };
        false
    }

    #[test]
    fun random_walks() {
        let (seed, ended) = (1, 0);
        while (seed <= 20) {
            if (walk(seed)) { ended += 1; };
            seed += 1;
        };
        assert!(ended > 15, ended);
    }
}
