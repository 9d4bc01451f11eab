// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";
import {ReentrancyGuardTransient} from "@openzeppelin/contracts/utils/ReentrancyGuardTransient.sol";
import {ECDSA} from "@openzeppelin/contracts/utils/cryptography/ECDSA.sol";
import {EIP712} from "@openzeppelin/contracts/utils/cryptography/EIP712.sol";

/// @title Payment channels between pairs of participants, in one ERC-20 token
/// @notice Each participant pays the other from the own deposit with signed cumulative balance proofs. A proof is redeemed with
/// `claimFromChannel` while the channel is open, and after a close until it is settled. `closeWithConsent` ends a channel at once and
/// nets what was paid in both directions; it needs one signature, of the participant that asked for the end.
/// @dev Nobody has power over the deposits but the two participants: there is no owner, no pause and no upgrade.
/// Tokens whose balances change by themselves (rebasing) must not be used: all channels of a token share this contract's balance.
contract TokenNetwork is ReentrancyGuardTransient, EIP712 {
    using SafeERC20 for IERC20;

    enum ChannelState { NonExistent, Opened, Closed, Settled }

    struct Channel {
        uint256 settlementTimeout; // seconds
        ChannelState state;
        uint256 closedAt; // seconds since the epoch, as openedAt
        uint256 openedAt;
        address participant1; // the lower address
        address participant2;
    }

    struct ParticipantState {
        uint256 deposit; // all that this participant ever had in the channel: what is claimed from it is not subtracted
        uint256 nonce; // of this participant's last proof that was redeemed
        uint256 transferredAmount; // by that proof
    }

    /// @dev `lockedAmount` and `locksRoot` are part of the signed type and have no effect.
    struct BalanceProof {
        bytes32 channelId;
        uint256 nonce;
        uint256 transferredAmount; // all that the signer has paid in this channel so far
        uint256 lockedAmount;
        bytes32 locksRoot;
    }

    uint256 public constant MIN_SETTLEMENT_TIMEOUT = 1 hours;
    bytes32 private constant BALANCE_PROOF_TYPEHASH = keccak256(
        "BalanceProof(bytes32 channelId,uint256 nonce,uint256 transferredAmount,uint256 lockedAmount,bytes32 locksRoot)"
    );
    bytes32 private constant COOPERATIVE_CLOSE_TYPEHASH = keccak256(
        "CooperativeClose(bytes32 channelId,uint256 transferredAmount1,uint256 transferredAmount2,uint256 deadline)"
    );
    bytes32 private constant CLOSE_CONSENT_TYPEHASH =
        keccak256("CloseConsent(bytes32 channelId,address participant,uint256 least,uint256 validUntil)");
    /// @dev What a payout may use. A transfer that wants more waits in `withdrawable`, instead of using up what others need.
    uint256 private constant PAYOUT_GAS = 100_000;
    /// @dev What must be there so that all of PAYOUT_GAS reaches the transfer (a call gets at most 63/64), and booking after it.
    uint256 private constant GAS_BEFORE_PAYOUT = PAYOUT_GAS + 35_000;

    address public immutable token;
    /// @notice The most that one participant may have deposited in one channel, in base units of the token
    uint256 public immutable maxChannelDeposit;
    /// @notice Seconds after which anybody may close a channel; also the longest settlement timeout
    uint256 public immutable maxChannelLifetime;

    uint256 public channelCounter;
    mapping(bytes32 channelId => Channel) public channels;
    mapping(bytes32 channelId => mapping(address participant => ParticipantState)) public participants;
    /// @notice What a participant has redeemed from the other's deposit so far
    mapping(bytes32 channelId => mapping(address claimant => uint256)) public claimedAmounts;
    /// @notice Payouts that the token refused. Each waits for its owner's `withdraw`, and holds up nobody else.
    mapping(address participant => uint256) public withdrawable;

    event ChannelOpened(
        bytes32 indexed channelId, address indexed participant1, address indexed participant2, uint256 settlementTimeout
    );
    event ChannelNewDeposit(bytes32 indexed channelId, address indexed participant, uint256 totalDeposit);
    event ChannelClaimed(bytes32 indexed channelId, address indexed claimant, uint256 claimedAmount, uint256 totalClaimed);
    event ChannelClosed(bytes32 indexed channelId, address indexed closingParticipant);
    event ChannelClosedByExpiry(bytes32 indexed channelId, uint256 timestamp);
    event ChannelSettled(bytes32 indexed channelId, uint256 participant1Amount, uint256 participant2Amount);
    event PayoutDeferred(address indexed participant, uint256 amount);
    event Withdrawn(address indexed participant, address indexed recipient, uint256 amount);

    error InvalidParticipant();
    error InvalidSettlementTimeout();
    error InvalidChannelState();
    error InsufficientDeposit();
    error DepositLimitExceeded();
    error InvalidBalanceProof();
    error InvalidSignature();
    error InvalidNonce();
    error InsufficientChannelBalance();
    error NothingToClaim();
    error NothingToWithdraw();
    error SettlementTimeoutNotExpired();
    error ChannelNotExpired();
    error CooperativeCloseExpired();
    error CloseConsentExpired();
    error InsufficientGas();

    constructor(address token_, uint256 maxChannelDeposit_, uint256 maxChannelLifetime_) EIP712("TokenNetwork", "1") {
        token = token_;
        maxChannelDeposit = maxChannelDeposit_;
        maxChannelLifetime = maxChannelLifetime_;
    }

    /// @notice Opens a channel between the caller and `participant2`
    /// @param settlementTimeout Seconds between a close and the settlement, in which claims are still redeemed
    /// @return channelId keccak256 of both addresses, the lower first, and the number of channels before this one
    function openChannel(address participant2, uint256 settlementTimeout) external nonReentrant returns (bytes32 channelId) {
        if (participant2 == address(0) || participant2 == msg.sender) revert InvalidParticipant();
        if (settlementTimeout < MIN_SETTLEMENT_TIMEOUT || settlementTimeout > maxChannelLifetime) {
            revert InvalidSettlementTimeout();
        }
        (address lower, address higher) =
            msg.sender < participant2 ? (msg.sender, participant2) : (participant2, msg.sender);
        channelId = keccak256(abi.encodePacked(lower, higher, channelCounter++));
        channels[channelId] = Channel(settlementTimeout, ChannelState.Opened, 0, block.timestamp, lower, higher);
        emit ChannelOpened(channelId, lower, higher, settlementTimeout);
    }

    /// @notice Raises the deposit of `participant` to `totalDeposit`, paid by the caller, whoever that is
    /// @dev Books what arrived, which is less for tokens that take a fee, and never more than was asked for.
    function setTotalDeposit(bytes32 channelId, address participant, uint256 totalDeposit) external nonReentrant {
        _otherParticipant(_channelIn(channelId, ChannelState.Opened), participant);
        if (totalDeposit > maxChannelDeposit) revert DepositLimitExceeded();
        ParticipantState storage state = participants[channelId][participant];
        if (totalDeposit < state.deposit) revert InsufficientDeposit();

        uint256 asked = totalDeposit - state.deposit;
        uint256 before = IERC20(token).balanceOf(address(this));
        IERC20(token).safeTransferFrom(msg.sender, address(this), asked);
        uint256 arrived = IERC20(token).balanceOf(address(this)) - before;
        state.deposit += arrived < asked ? arrived : asked;
        emit ChannelNewDeposit(channelId, participant, state.deposit);
    }

    /// @notice Pays the caller what the other participant's proof adds to those redeemed before. The channel stays as it is.
    /// @param signature By the other participant over `proof` (EIP-712)
    /// @dev Works until the channel is settled: the challenge period is for redeeming the best proof that one has.
    function claimFromChannel(bytes32 channelId, BalanceProof calldata proof, bytes calldata signature) external nonReentrant {
        Channel storage channel = _unsettled(channelId);
        address payer = _otherParticipant(channel, msg.sender);
        _checkProof(channelId, payer, proof, signature);

        ParticipantState storage state = participants[channelId][payer];
        uint256 claimed = claimedAmounts[channelId][msg.sender];
        if (proof.nonce <= state.nonce) revert InvalidNonce();
        if (proof.transferredAmount <= claimed) revert NothingToClaim();
        if (proof.transferredAmount > state.deposit) revert InsufficientChannelBalance();

        state.nonce = proof.nonce;
        state.transferredAmount = proof.transferredAmount;
        claimedAmounts[channelId][msg.sender] = proof.transferredAmount;
        emit ChannelClaimed(channelId, msg.sender, proof.transferredAmount - claimed, proof.transferredAmount);
        _pay(msg.sender, proof.transferredAmount - claimed);
    }

    /// @notice Ends the channel at once on terms that both participants signed, netting both directions: each gets the own deposit
    /// and what the other paid, less what was paid to the other and less what was redeemed before
    /// @param transferred1 All that participant 1 has paid participant 2 in this channel, in base units
    /// @param transferred2 All that participant 2 has paid participant 1
    /// @param deadline Seconds since the epoch after which the signatures are void
    /// @dev The terms say what was paid, not what is paid out: claims and deposits after the signing do not change what each
    /// participant ends up with.
    function cooperativeClose(
        bytes32 channelId,
        uint256 transferred1,
        uint256 transferred2,
        uint256 deadline,
        bytes calldata signature1,
        bytes calldata signature2
    ) external nonReentrant {
        Channel storage channel = _unsettled(channelId);
        if (block.timestamp > deadline) revert CooperativeCloseExpired();
        bytes32 structHash =
            keccak256(abi.encode(COOPERATIVE_CLOSE_TYPEHASH, channelId, transferred1, transferred2, deadline));
        _checkSignature(structHash, signature1, channel.participant1);
        _checkSignature(structHash, signature2, channel.participant2);
        _settle(channelId, channel, transferred1, transferred2);
    }

    /// @notice Ends the channel at once with the other participant's consent, netting both directions. The caller brings the best proof
    /// that it has of the other, who gets at least what it consented to.
    /// @param proof Not looked at if `signature` is empty: then nothing counts beyond what the caller has redeemed. One that is not newer
    /// than the last redeemed adds nothing, and does not stand in the way of the end.
    /// @param signature By the other participant over `proof` (EIP-712)
    /// @param least What the caller has paid the other participant in this channel at least, in base units
    /// @param validUntil Seconds since the epoch after which the consent is void
    /// @param consent The other participant's signature over channel, its own address, `least` and `validUntil` (EIP-712)
    /// @dev Redeemed sums are never lowered: nobody can take back what the other has. `claimedAmounts` says afterwards what each has
    /// received from the other in all.
    function closeWithConsent(
        bytes32 channelId,
        BalanceProof calldata proof,
        bytes calldata signature,
        uint256 least,
        uint256 validUntil,
        bytes calldata consent
    ) external nonReentrant {
        Channel storage channel = _unsettled(channelId);
        address other = _otherParticipant(channel, msg.sender);
        if (block.timestamp > validUntil) revert CloseConsentExpired();
        _checkSignature(keccak256(abi.encode(CLOSE_CONSENT_TYPEHASH, channelId, other, least, validUntil)), consent, other);

        uint256 toCaller = signature.length == 0 ? 0 : _redeem(channelId, other, proof, signature);
        uint256 toOther = _raise(channelId, other, msg.sender, least);
        toCaller += participants[channelId][msg.sender].deposit - claimedAmounts[channelId][other];
        toOther += participants[channelId][other].deposit - claimedAmounts[channelId][msg.sender];
        if (msg.sender == channel.participant1) _end(channelId, channel, toCaller, toOther);
        else _end(channelId, channel, toOther, toCaller);
    }

    /// @notice Starts the challenge period, in which both participants redeem the best proofs that they have
    function closeChannel(bytes32 channelId) external nonReentrant {
        Channel storage channel = _channelIn(channelId, ChannelState.Opened);
        _otherParticipant(channel, msg.sender);
        _close(channel);
        emit ChannelClosed(channelId, msg.sender);
    }

    /// @notice Starts the challenge period of a channel that has passed its lifetime. Anybody may.
    function forceCloseExpiredChannel(bytes32 channelId) external nonReentrant {
        Channel storage channel = _channelIn(channelId, ChannelState.Opened);
        if (block.timestamp < channel.openedAt + maxChannelLifetime) revert ChannelNotExpired();
        _close(channel);
        emit ChannelClosedByExpiry(channelId, block.timestamp);
    }

    /// @notice Pays each participant what is left of the own deposit, after the challenge period. Anybody may.
    function settleChannel(bytes32 channelId) external nonReentrant {
        Channel storage channel = _channelIn(channelId, ChannelState.Closed);
        if (block.timestamp < channel.closedAt + channel.settlementTimeout) revert SettlementTimeoutNotExpired();
        _settle(
            channelId,
            channel,
            claimedAmounts[channelId][channel.participant2],
            claimedAmounts[channelId][channel.participant1]
        );
    }

    /// @notice Takes out the caller's payouts that the token refused, to an address that can receive them
    function withdraw(address recipient) external nonReentrant {
        uint256 amount = withdrawable[msg.sender];
        if (amount == 0) revert NothingToWithdraw();
        withdrawable[msg.sender] = 0;
        emit Withdrawn(msg.sender, recipient, amount);
        IERC20(token).safeTransfer(recipient, amount);
    }

    /// @dev Only for `_pay`: a call of its own, so that its failure and its use of gas end with it.
    function transferOut(address recipient, uint256 amount) external {
        if (msg.sender != address(this)) revert InvalidParticipant();
        IERC20(token).safeTransfer(recipient, amount);
    }

    function _close(Channel storage channel) private {
        channel.state = ChannelState.Closed;
        channel.closedAt = block.timestamp;
    }

    /// @dev Both payouts and both claimed amounts add up to both deposits, whatever the arguments.
    function _settle(bytes32 channelId, Channel storage channel, uint256 transferred1, uint256 transferred2) private {
        (address participant1, address participant2) = (channel.participant1, channel.participant2);
        uint256 in1 = participants[channelId][participant1].deposit + transferred2;
        uint256 in2 = participants[channelId][participant2].deposit + transferred1;
        uint256 out1 = transferred1 + claimedAmounts[channelId][participant1];
        uint256 out2 = transferred2 + claimedAmounts[channelId][participant2];
        if (out1 > in1 || out2 > in2) revert InsufficientChannelBalance();

        _end(channelId, channel, in1 - out1, in2 - out2);
    }

    function _end(bytes32 channelId, Channel storage channel, uint256 payout1, uint256 payout2) private {
        channel.state = ChannelState.Settled;
        emit ChannelSettled(channelId, payout1, payout2);
        _pay(channel.participant1, payout1);
        _pay(channel.participant2, payout2);
    }

    /// @dev Books what a proof of `payer` adds to what the caller has redeemed.
    /// @return What it adds; 0 for a proof that is not newer than the last one, or not higher
    function _redeem(bytes32 channelId, address payer, BalanceProof calldata proof, bytes calldata signature)
        private
        returns (uint256)
    {
        _checkProof(channelId, payer, proof, signature);
        ParticipantState storage state = participants[channelId][payer];
        if (proof.nonce <= state.nonce || proof.transferredAmount <= claimedAmounts[channelId][msg.sender]) return 0;
        state.nonce = proof.nonce;
        state.transferredAmount = proof.transferredAmount;
        return _raise(channelId, msg.sender, payer, proof.transferredAmount);
    }

    /// @dev Raises what `payee` has received of `payer` to `total`, within the payer's deposit. It is never lowered.
    /// @return What was added
    function _raise(bytes32 channelId, address payee, address payer, uint256 total) private returns (uint256) {
        uint256 claimed = claimedAmounts[channelId][payee];
        if (total <= claimed) return 0;
        if (total > participants[channelId][payer].deposit) revert InsufficientChannelBalance();
        claimedAmounts[channelId][payee] = total;
        return total - claimed;
    }

    function _checkProof(bytes32 channelId, address payer, BalanceProof calldata proof, bytes calldata signature) private view {
        if (proof.channelId != channelId) revert InvalidBalanceProof();
        _checkSignature(keccak256(abi.encode(BALANCE_PROOF_TYPEHASH, proof)), signature, payer);
    }

    /// @dev Never reverts because of the recipient or the token, so that nobody can hold up another's payout. Reverts if it was given
    /// too little gas: else a stranger could make payouts wait.
    function _pay(address recipient, uint256 amount) private {
        if (amount == 0) return;
        if (gasleft() < GAS_BEFORE_PAYOUT) revert InsufficientGas();
        try this.transferOut{gas: PAYOUT_GAS}(recipient, amount) {}
        catch {
            withdrawable[recipient] += amount;
            emit PayoutDeferred(recipient, amount);
        }
    }

    function _checkSignature(bytes32 structHash, bytes calldata signature, address expected) private view {
        (address signer, ECDSA.RecoverError fault,) = ECDSA.tryRecoverCalldata(_hashTypedDataV4(structHash), signature);
        if (fault != ECDSA.RecoverError.NoError || signer != expected) revert InvalidSignature();
    }

    function _channelIn(bytes32 channelId, ChannelState state) private view returns (Channel storage channel) {
        channel = channels[channelId];
        if (channel.state != state) revert InvalidChannelState();
    }

    function _unsettled(bytes32 channelId) private view returns (Channel storage channel) {
        channel = channels[channelId];
        if (channel.state != ChannelState.Opened && channel.state != ChannelState.Closed) revert InvalidChannelState();
    }

    /// @dev Also refuses who is not a participant.
    function _otherParticipant(Channel storage channel, address participant) private view returns (address) {
        if (participant == channel.participant1) return channel.participant2;
        if (participant == channel.participant2) return channel.participant1;
        revert InvalidParticipant();
    }
}
