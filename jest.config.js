/** @type {import('jest').Config} */
export default {
  testEnvironment: 'node',
  testMatch: ['<rootDir>/{apps,packages}/*/test/**/*.test.ts', '<rootDir>/tests/**/*.test.ts'],
  extensionsToTreatAsEsm: ['.ts'],
  // Empty on purpose: Jest then strips types as Node does, so tests and processes refuse the same syntax.
  transform: {},
  globalSetup: '<rootDir>/tests/setup/start-postgres.ts',
  globalTeardown: '<rootDir>/tests/setup/stop-postgres.ts',
  maxWorkers: 2,
  // Modules that were loaded as ES modules are never given back: a worker that holds too many of them begins anew.
  workerIdleMemoryLimit: '1500MB',
  testTimeout: 20_000,
  coverageProvider: 'v8',
};
