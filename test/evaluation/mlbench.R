# Twelve labelled tables of the R packages mlbench and kernlab as CSV files with a column `label` (1 = anomalous), for
# `auscult evaluate --dataset csv`. Anomalous is the class that the literature takes, thinned where it says so. Where caret is
# there, four more, of two classes each.
# Usage: Rscript test/evaluation/mlbench.R DIR     (Debian: r-cran-mlbench r-cran-kernlab r-cran-caret)
library(mlbench)
library(kernlab)

folder <- commandArgs(trailingOnly = TRUE)[1]
if (is.na(folder)) stop("usage: Rscript mlbench.R DIR")
dir.create(folder, showWarnings = FALSE, recursive = TRUE)
set.seed(7)

keep <- function(name, columns, anomalous) {
  numbers <- as.data.frame(lapply(columns, function(column) as.numeric(as.character(column))))
  numbers$label <- as.integer(anomalous)
  write.csv(numbers, file.path(folder, paste0(name, ".csv")), row.names = FALSE, na = "")
}
thinned <- function(anomalous, most) c(which(!anomalous), sample(which(anomalous), most))

data(BreastCancer, Glass, Ionosphere, PimaIndiansDiabetes, Satellite, Shuttle, Vowel, Sonar, Vehicle, LetterRecognition)
data(spam)
keep("breastw", BreastCancer[, 2:10], BreastCancer$Class == "malignant")
keep("glass", Glass[, 1:9], Glass$Type == "6")
keep("ionosphere", Ionosphere[, c(1, 3:34)], Ionosphere$Class == "bad")
keep("pima", PimaIndiansDiabetes[, 1:8], PimaIndiansDiabetes$diabetes == "pos")
rare <- Satellite$classes %in% c("cotton crop", "damp grey soil", "vegetation stubble")
keep("satellite", Satellite[, 1:36], rare)
rows <- thinned(Satellite$classes == "cotton crop", 71)
keep("satimage2", Satellite[rows, 1:36], Satellite$classes[rows] == "cotton crop")
flown <- Shuttle[Shuttle$Class != "High", ]
keep("shuttle", flown[, 1:9], flown$Class != "Rad.Flow")
rows <- thinned(Vowel$Class == "hid", 30)
keep("vowel", Vowel[rows, 2:10], Vowel$Class[rows] == "hid")
keep("sonar", Sonar[, 1:60], Sonar$Class == "R")
rows <- thinned(Vehicle$Class == "van", 40)
keep("vehicle", Vehicle[rows, 1:18], Vehicle$Class[rows] == "van")
rows <- thinned(spam$type == "spam", 280)
keep("spam", spam[rows, 1:57], spam$type[rows] == "spam")
letters <- !(LetterRecognition$lettr %in% c("A", "B", "C"))
rows <- thinned(letters, 150)
keep("letter", LetterRecognition[rows, 2:17], letters[rows])

if (requireNamespace("caret", quietly = TRUE)) {
  data(GermanCredit, segmentationData, mdrr, dhfr, package = "caret")
  keep("german", GermanCredit[, names(GermanCredit) != "Class"], GermanCredit$Class == "Bad")
  keep("segment", segmentationData[, -(1:3)], segmentationData$Class == "WS")
  keep("mdrr", mdrrDescr, mdrrClass == "Inactive")
  keep("dhfr", dhfr[, names(dhfr) != "Y"], dhfr$Y == "inactive")
}
