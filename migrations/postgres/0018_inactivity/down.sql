DROP TABLE inactivity;
