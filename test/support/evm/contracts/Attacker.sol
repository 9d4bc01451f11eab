// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// @notice A participant that is a contract. Whenever it is told of tokens, it makes the call that was prepared, or burns all gas.
contract Attacker {
    address private _target;
    bytes private _call;
    bool private _burns;
    uint256 private _spent;

    /// @notice How the prepared call went. Nothing is stored: payouts leave little gas.
    event Attacked(bool reached, bytes answer);

    function prepare(address target, bytes calldata call_) external {
        (_target, _call) = (target, call_);
    }

    function setBurns(bool value) external {
        _burns = value;
    }

    function run(address target, bytes calldata call_) external returns (bytes memory) {
        (bool ok, bytes memory result) = target.call(call_);
        if (!ok) {
            assembly {
                revert(add(result, 32), mload(result))
            }
        }
        return result;
    }

    function onTokens() external {
        while (_burns) _spent++;
        if (_target == address(0)) return;
        (bool reached, bytes memory answer) = _target.call(_call);
        emit Attacked(reached, answer);
    }
}
