packer {
  required_plugins {
    airship = {
      source  = "github.com/airshipit/airship"
      version = ">= 0.1.0"
    }
  }
}

variable "documents" {
  type = string
}

variable "output" {
  type = string
}

variable "lock_file" {
  type    = string
  default = ""
}

variable "verify_boot" {
  type    = bool
  default = false
}

variable "compression" {
  type    = string
  default = ""
}

variable "isolation" {
  type    = string
  default = "namespace"
}

variable "accelerator" {
  type    = string
  default = "auto"
}

variable "memory" {
  type    = number
  default = 0
}

data "airship-nodeprofile" "node" {
  documents = [var.documents]
}

source "airship" "node" {
  profile_yaml      = data.airship-nodeprofile.node.profile_yaml
  output_directory  = var.output
  lock_file         = var.lock_file
  verify_boot       = var.verify_boot
  qcow2_compression = var.compression
  isolation         = var.isolation
  accelerator       = var.accelerator
  memory            = var.memory
}

build {
  sources = ["source.airship.node"]

  provisioner "file" {
    content     = "file provisioner\n"
    destination = "/etc/from-file"
  }

  provisioner "shell" {
    inline = [
      "test \"$(cat /etc/from-file)\" = 'file provisioner'",
      "test \"$(id -u)\" = 0 && test -e /proc/self/exe && test -c /dev/null",
      "echo \"on $(. /etc/os-release && echo $VERSION_CODENAME)\" >/etc/from-shell",
      # What provisioners leave behind must not reach the image.
      "ssh-keygen -A && mkdir -p /var/log/junk && echo noise >/var/log/junk/build.log && date >/var/tmp/now",
    ]
  }

  provisioner "airship" {
    profile_yaml = data.airship-nodeprofile.node.profile_yaml
  }
}
