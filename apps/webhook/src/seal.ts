export { createSealer, openNotice, type Sealer } from '@mingdan/kernel';
