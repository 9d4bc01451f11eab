// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {ERC20} from "@openzeppelin/contracts/token/ERC20/ERC20.sol";

/// @notice A token that behaves, until it is told to misbehave in one of the ways that tokens do.
contract TestToken is ERC20 {
    uint8 private immutable _decimals;
    /// @notice Percent of each transfer that does not arrive
    uint256 public feePercent;
    /// @notice Returns false instead of moving anything
    bool public answersFalse;
    /// @notice Returns true without moving anything
    bool public lies;
    mapping(address recipient => bool) public refuses;
    /// @notice Told of each payment before it is booked, as ERC-777 and ERC-1363 tokens tell their recipients
    mapping(address holder => bool) public hasHook;

    constructor(uint8 decimals_) ERC20("Test token", "TEST") {
        _decimals = decimals_;
    }

    function decimals() public view override returns (uint8) {
        return _decimals;
    }

    function mint(address to, uint256 amount) external {
        _mint(to, amount);
    }

    function setFeePercent(uint256 percent) external {
        feePercent = percent;
    }

    function setAnswersFalse(bool value) external {
        answersFalse = value;
    }

    function setLies(bool value) external {
        lies = value;
    }

    function setRefuses(address recipient, bool value) external {
        refuses[recipient] = value;
    }

    function setHook(address holder, bool value) external {
        hasHook[holder] = value;
    }

    function transfer(address to, uint256 amount) public override returns (bool) {
        if (answersFalse) return false;
        return lies || super.transfer(to, amount);
    }

    function transferFrom(address from, address to, uint256 amount) public override returns (bool) {
        if (answersFalse) return false;
        return lies || super.transferFrom(from, to, amount);
    }

    function _update(address from, address to, uint256 amount) internal override {
        require(!refuses[to], "refused");
        if (hasHook[from]) IHook(from).onTokens();
        if (hasHook[to]) IHook(to).onTokens();
        uint256 fee = from == address(0) || to == address(0) ? 0 : amount * feePercent / 100;
        super._update(from, to, amount - fee);
        if (fee > 0) super._update(from, address(0), fee);
    }
}

interface IHook {
    function onTokens() external;
}
