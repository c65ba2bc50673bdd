/** What set-up leaves for tear-down: both run in the same process. */
export const testServer = { stop: async (): Promise<void> => undefined };
