import { type SolarTerm, SolarTime } from 'tyme4ts';
import { engineTime, type WallSeconds, wallOfEngine, wallText } from './civil.ts';

/** A 节, at which the month turns; `at` is a clock of UTC+8. */
export interface Term {
  name: string;
  at: string;
  seconds: WallSeconds;
}

function termOf(term: SolarTerm): Term {
  const seconds = wallOfEngine(term.getJulianDay().getSolarTime());
  return { name: term.getName(), at: wallText(seconds), seconds };
}

/** The 节 before (or at) and after an instant; `next` is null at the end of the year 9999. @param china UTC+8 clock */
export function termsAround(china: WallSeconds): Around {
  // One chart asks several times for the same instant, and each answer is an astronomical series.
  if (last?.china !== china) last = { china, around: compute(china) };
  return last.around;
}

interface Around {
  previous: Term;
  next: Term | null;
}

let last: { china: WallSeconds; around: Around } | undefined;

function compute(china: WallSeconds): Around {
  const now = engineTime(china).getTerm();
  const previous = now.isJie() ? now : now.next(-1);
  return { previous: termOf(previous), next: ifReached(() => termOf(previous.next(2))) };
}

/** What lies beyond the years of the engine is null. */
export function ifReached<T>(compute: () => T): T | null {
  try {
    return compute();
  } catch {
    return null;
  }
}

/** The twelve 节 of a year from 立春 on, and the next 立春. */
export function termsOfYear(year: number): Term[] {
  const liChun = SolarTime.fromYmdHms(year, 2, 8, 0, 0, 0).getTerm();
  return Array.from({ length: 13 }, (_, index) => termOf(liChun.next(index * 2)));
}
