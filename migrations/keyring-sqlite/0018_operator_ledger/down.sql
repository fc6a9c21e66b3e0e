DROP TABLE operator_proposals;
DROP TABLE operator_tellings;
DROP TABLE operator_entries;
DROP TABLE operator_head;
