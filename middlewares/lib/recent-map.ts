/**
 * A map with a bound that forgets the oldest entries at constant cost: two generations, of which the older one is dropped whole when
 * the younger one is full. (Deleting the first key of a large Map, over and over, scans what was deleted before.)
 */
export class RecentMap<Key, Value> {
  private young = new Map<Key, Value>()
  private old = new Map<Key, Value>()

  /** Holds at most `maximum` entries, and at least the newest half of that. */
  constructor (private readonly maximum: number) {}

  get (key: Key): Value | undefined {
    return this.young.get(key) ?? this.old.get(key)
  }

  set (key: Key, value: Value): void {
    if (this.young.size >= this.maximum / 2) {
      this.old = this.young
      this.young = new Map()
    }
    this.young.set(key, value)
  }

  delete (key: Key): void {
    this.young.delete(key)
    this.old.delete(key)
  }

  deleteWhere (test: (value: Value) => boolean): void {
    for (const generation of [this.young, this.old]) {
      for (const [key, value] of generation) if (test(value)) generation.delete(key)
    }
  }

  clear (): void {
    this.young.clear()
    this.old.clear()
  }
}
