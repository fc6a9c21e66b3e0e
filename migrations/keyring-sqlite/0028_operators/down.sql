DROP TABLE operator_questions;
DROP TABLE operator_sessions;
DROP TABLE operators;
