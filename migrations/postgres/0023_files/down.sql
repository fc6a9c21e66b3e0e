DROP TABLE objects;
DROP TABLE files;
