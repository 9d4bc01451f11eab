/** Credentials and deposit authorisation in claims on the stand-in: the rows of section 2.4 that name them (CLA, CRD). */
import { expect } from 'chai'
import { openChannelIn, type OpenChannel } from '../channels.js'
import { lsf, lsfAccepted } from '../entries.js'
import { credentialIndex } from '../hashing.js'
import { startLedgerWorld, type LedgerWorld } from '../parties.js'
import { accountOf, addToDirectory, putAccount } from '../view.js'

const KYC = '4B5943'

describe('the stand-in for rippled: claims with credentials', () => {
  let world: LedgerWorld
  let channel: OpenChannel

  beforeEach(async () => {
    world = await startLedgerWorld()
    channel = await openChannelIn(world)
  })

  afterEach(() => world.stop())

  const pay = (CredentialIDs: readonly string[] | undefined, Balance = '1'): Promise<string> =>
    channel.claim(world.payer, { Balance, ...CredentialIDs === undefined ? {} : { CredentialIDs } })

  /** A credential of the payer, by the stranger. */
  function credential (fields: { Flags?: number, Expiration?: number, Subject?: string, CredentialType?: string } = {}): string {
    const CredentialType = fields.CredentialType ?? KYC
    const Subject = fields.Subject ?? world.payer.address
    const index = credentialIndex(Subject, world.stranger.address, CredentialType)
    world.rippled.network.place(view => {
      view.put(index, {
        LedgerEntryType: 'Credential', Subject, Issuer: world.stranger.address, CredentialType, Flags: lsfAccepted, OwnerNode: '0', ...fields
      })
      addToDirectory(view, Subject, index)
      const root = accountOf(view, Subject)
      if (root !== undefined) putAccount(view, { ...root, OwnerCount: root.OwnerCount + 1 })
    })
    return index
  }

  function demandPermission (): void {
    world.rippled.network.place(view => {
      const root = accountOf(view, world.payee.address)
      if (root !== undefined) putAccount(view, { ...root, Flags: lsf.depositAuth })
    })
  }

  it('temDISABLED: CredentialIDs without the amendment Credentials, before all else (CLA)', async () => {
    world.rippled.network.amendments.delete('Credentials')
    expect(await channel.claim(world.payer, { CredentialIDs: [], Balance: '0', Flags: 0x00040000 })).to.equal('temDISABLED')
  })

  it('temMALFORMED: none, more than 8, one twice; after the signature (CLA, CRD)', async () => {
    const ids = Array.from({ length: 9 }, (_, index) => index.toString(16).padStart(64, '0'))
    expect(await pay([])).to.equal('temMALFORMED')
    expect(await pay(ids)).to.equal('temMALFORMED')
    expect(await pay(['A'.repeat(64), 'A'.repeat(64)])).to.equal('temMALFORMED')
    const wrong = { ...channel.signed(2n), Amount: '3', CredentialIDs: [] }
    expect(await channel.claim(world.payee, wrong)).to.equal('temBAD_SIGNATURE')
  })

  it("tecBAD_CREDENTIALS: one that is missing, another's, or not accepted; before the channel is looked for (CLA, CRD)", async () => {
    expect(await pay(['A'.repeat(64)])).to.equal('tecBAD_CREDENTIALS')
    expect(await pay([credential({ Subject: world.payee.address })])).to.equal('tecBAD_CREDENTIALS')
    expect(await pay([credential({ Flags: 0 })])).to.equal('tecBAD_CREDENTIALS')
    expect(await channel.claim(world.payer, { Channel: 'A'.repeat(64), CredentialIDs: ['A'.repeat(64)] })).to.equal('tecBAD_CREDENTIALS')
  })

  it('tecEXPIRED: an expired one among them, which is deleted even so (CLA, CRD)', async () => {
    const good = credential({ CredentialType: '4141' })
    const old = credential({ Expiration: world.rippled.network.lastClosed.closeTime - 1 })
    expect(await pay([good, old])).to.equal('tecEXPIRED')
    expect(channel.entry()?.Balance).to.equal(0n)
    expect(world.rippled.network.lastClosed.state?.get(old)).to.equal(undefined)
    expect(world.rippled.network.lastClosed.state?.get(good)).not.to.equal(undefined)
    expect(world.rippled.state.account(world.payer.address)?.OwnerCount, 'a channel and a credential').to.equal(2)
    expect(await pay([old])).to.equal('tecBAD_CREDENTIALS')
  })

  it('tecNO_PERMISSION: the source pays a destination with lsfDepositAuth that has not preauthorised it (CLA)', async () => {
    demandPermission()
    expect(await pay(undefined)).to.equal('tecNO_PERMISSION')
    expect(await pay([credential()]), 'nor the credential').to.equal('tecNO_PERMISSION')
    expect(await channel.claim(world.payee, channel.signed(1n)), 'the destination itself may').to.equal('tesSUCCESS')
    await world.settle(world.payee, { TransactionType: 'DepositPreauth', Authorize: world.payer.address })
    expect(await pay(undefined, '2')).to.equal('tesSUCCESS')
  })

  it('tesSUCCESS: exactly the set of credentials that the destination has preauthorised (CRD)', async () => {
    demandPermission()
    const [shown, other] = [credential(), credential({ CredentialType: '4242' })]
    const index = 'B'.repeat(64)
    world.rippled.network.place(view => {
      view.put(index, {
        LedgerEntryType: 'DepositPreauth', Account: world.payee.address, Flags: 0, OwnerNode: '0',
        AuthorizeCredentials: [{ Credential: { Issuer: world.stranger.address, CredentialType: KYC } }]
      })
      addToDirectory(view, world.payee.address, index)
    })
    expect(await pay([shown, other])).to.equal('tecNO_PERMISSION')
    expect(await pay([shown])).to.equal('tesSUCCESS')
  })
})
