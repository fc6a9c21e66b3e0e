DROP TABLE sweeps;
DROP TABLE waiting_imports;
