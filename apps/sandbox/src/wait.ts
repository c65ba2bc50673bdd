/**
 * Looks now and after every change until there is something to return.
 * @param changes callbacks that the owner runs after each change
 */
export function waitUntil<T>(
  changes: Set<() => void>,
  look: () => T | undefined,
  timeoutMs: number,
  complaint: () => string,
): Promise<T> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => {
      changes.delete(check);
      reject(new Error(complaint()));
    }, timeoutMs);
    const check = () => {
      const found = look();
      if (found === undefined) return;
      clearTimeout(timer);
      changes.delete(check);
      resolve(found);
    };
    changes.add(check);
    check();
  });
}
