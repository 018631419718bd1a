# Labelled tables of R packages as CSV files with a column `label` (1 = anomalous), for `auscult evaluate --dataset csv`: fourteen
# of mlbench and kernlab, whose anomalous class is the one that the literature takes, thinned where it says so; five of caret; and
# eight that were looked at after every choice. What a missing package would give is left out.
# Usage: Rscript test/evaluation/mlbench.R DIR
# (Debian: r-cran-mlbench r-cran-kernlab r-cran-caret r-cran-mass r-cran-survival r-cran-rpart)
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

data(HouseVotes84)
votes <- as.data.frame(lapply(HouseVotes84[, -1], function(vote) ifelse(is.na(vote), NA, as.integer(vote == "y"))))
keep("votes", votes, HouseVotes84$Class == "republican")
data(musk)
keep("musk", musk[, 1:166], musk$Class == 1)

has <- function(package) requireNamespace(package, quietly = TRUE)
if (has("caret")) {
  data(GermanCredit, segmentationData, mdrr, dhfr, package = "caret")
  keep("german", GermanCredit[, names(GermanCredit) != "Class"], GermanCredit$Class == "Bad")
  keep("segment", segmentationData[, -(1:3)], segmentationData$Class == "WS")
  keep("mdrr", mdrrDescr, mdrrClass == "Inactive")
  keep("dhfr", dhfr[, names(dhfr) != "Y"], dhfr$Y == "inactive")
  data(cox2, package = "caret")
  keep("cox2", cox2Descr, cox2Class == "Active")
}

set.seed(5)
data(DNA, ticdata)
rows <- thinned(DNA$Class == "ei", 150)
keep("dna", DNA[rows, names(DNA) != "Class"], DNA$Class[rows] == "ei")
keep("ticdata", as.data.frame(lapply(ticdata[, names(ticdata) != "CARAVAN"], as.integer)), ticdata$CARAVAN == "insurance")
if (has("MASS")) keep("crabs", MASS::crabs[, 4:8], MASS::crabs$sp == "O")
if (has("caret")) {
  data(oil, scat, package = "caret")
  keep("oil", fattyAcids, !(oilType %in% c("A", "B")))
  keep("scat", scat[, sapply(scat, is.numeric)], scat$Species != "bobcat")
}
if (has("survival")) {
  pbc <- survival::pbc
  keep("pbc", lapply(pbc[, !(names(pbc) %in% c("id", "time", "status"))], as.numeric), pbc$status == 2)
  lung <- survival::lung
  measured <- c("age", "sex", "ph.ecog", "ph.karno", "pat.karno", "meal.cal", "wt.loss")
  keep("lung", lung[, measured], lung$status == 2 & lung$time < 200)
}
if (has("rpart")) {
  stagec <- rpart::stagec
  keep("stagec", lapply(stagec[, !(names(stagec) %in% c("pgtime", "pgstat"))], as.integer), stagec$pgstat == 1)
}
