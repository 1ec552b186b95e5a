import { setFlagsFromString } from "node:v8";

/**
 * Keeps the part of this process's memory for new objects at its first size. V8 makes room for three
 * times as many of them as are there, up to some 30 MB, and never gives it back: it serves a program
 * that makes many at a time, not one that waits for months, nor one whose lists of files live a
 * while. Costs a few per cent of time (heap/new-spaces.cc reads the flag whenever it would grow).
 */
export function keepNurserySmall(): void {
  setFlagsFromString("--semi-space-growth-factor=1");
}
