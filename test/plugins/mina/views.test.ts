/** What an account looks at: names that a peer makes up take the place of nothing else. */
import { expect } from 'chai'
import { Views, type ViewsDeps } from '../../../plugins/mina/views.js'

function scene (): { views: Views, followed: Set<string> } {
  const followed = new Set<string>()
  const feed = { follow: (address: string) => followed.add(address), unfollow: (address: string) => followed.delete(address) }
  const deps = { feeds: () => [feed], expected: {}, address: 'us' }
  return { views: new Views(deps as unknown as ViewsDeps), followed }
}

describe('what an account looks at', () => {
  it('has room for what it opens itself, however many channels a peer names', () => {
    const { views, followed } = scene()
    views.follow(['ours'])
    for (let name = 0; name < 2000; name++) views.follow([`named-${name}`], true)
    expect(views.follow(['opening'])).to.equal(true)
    expect(views.followed()).to.include('ours').and.include('opening').and.include('named-1999')
    expect(followed.size, 'nodes are asked about no more').to.equal(22)
  })

  it('keeps what a peer has named once it is a channel of ours', () => {
    const { views } = scene()
    expect(views.follow(['found'], true)).to.equal(true)
    expect(views.follow(['found'])).to.equal(false)
    for (let name = 0; name < 50; name++) views.follow([`named-${name}`], true)
    expect(views.followed()).to.include('found').and.have.lengthOf(21)
  })
})
