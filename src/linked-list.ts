/** The place of a value in a list. */
export interface Link<T> {
  readonly value: T;
  previous: Link<T> | null;
  next: Link<T> | null;
}

/**
 * Values in the order in which they came, any of which can leave at once. For what comes and goes
 * thousands of times a second: a Set exchanges its table every few dozen changes, and each table
 * that lived long enough to become old keeps what it held, and the tables after it, until the whole
 * heap is collected. Here nothing that has left holds anything.
 */
export class LinkedList<T> {
  first: Link<T> | null = null;
  private last: Link<T> | null = null;

  append(value: T): Link<T> {
    const link: Link<T> = { value, previous: this.last, next: null };
    if (this.last === null) this.first = link;
    else this.last.next = link;
    this.last = link;
    return link;
  }

  /** Takes a value out; once is enough, and more do no harm. */
  remove(link: Link<T>): void {
    const { previous, next } = link;
    if (previous === null && this.first !== link) return;
    if (previous === null) this.first = next;
    else previous.next = next;
    if (next === null) this.last = previous;
    else next.previous = previous;
    link.previous = null;
    link.next = null;
  }

  /** All values, as they are now. */
  values(): T[] {
    const values: T[] = [];
    for (let link = this.first; link !== null; link = link.next) values.push(link.value);
    return values;
  }
}
