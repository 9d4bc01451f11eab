/** Our own clock, for tests in which a chain's clock is moved, by this or an earlier test: what is over has to be over by both. */
import sinon from 'sinon'

interface Chain {
  now: () => Promise<number>
  pass: (secs: number) => Promise<void>
}

/** Lets time pass for the chain, and for us up to where the chain is then. `sinon.restore()` sets our clock right. */
export async function passForBoth (chain: Chain, secs: number): Promise<void> {
  letOurClockReach(await chain.now() + secs) // first: a chain that is ahead of us is not believed
  await chain.pass(secs)
  letOurClockReach(await chain.now())
}

/** @param secs since the epoch */
function letOurClockReach (secs: number): void {
  const aheadMs = Math.max(Date.now(), secs * 1000) - Math.floor(performance.now())
  sinon.restore()
  sinon.stub(Date, 'now').callsFake(() => aheadMs + Math.floor(performance.now()))
}
